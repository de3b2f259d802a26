using ActorHutch.Curvature.Data.Bytes;
using ActorHutch.Shared.Jobs;

namespace ActorHutch.Shared.Tests.Blobs;

public class BlobIdTests
{
    // FIPS 180-2, appendix B.1.
    private const string Abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    [Fact]
    public void A_blobs_name_is_its_SHA_256()
    {
        Assert.Equal(Abc, BlobId.Of("abc"u8).ToString());
        using var hashes = new ContentHashes.Builder();
        hashes.Append("abc"u8);
        Assert.Equal(new BlobReference(BlobId.Of("abc"u8), 3), BlobReference.Of(hashes.Finish()));
        Assert.True(BlobId.TryParse(Abc, out var read));
        Assert.Equal(BlobId.Of("abc"u8), read);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("../../../../../../../../../../../../../../../../../etc/passwd/////")]
    [InlineData("BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD")]
    [InlineData("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015a")]
    [InlineData("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad0")]
    public void Nothing_else_is_one(string? text) => Assert.False(BlobId.TryParse(text, out _));
}
