using ActorHutch.Shared.Jobs;

namespace ActorHutch.Shared.Tests.Jobs;

public class MemorySizeTests
{
    [Theory]
    [InlineData("1", 1)]
    [InlineData("536870912", 536870912)]
    [InlineData("64KiB", 65536)]
    [InlineData("1.5 mib", 1572864)]
    [InlineData("4GiB", 4L << 30)]
    [InlineData("2TiB", 2L << 40)]
    [InlineData("1KB", 1000)]
    [InlineData("1.5gb", 1_500_000_000)]
    [InlineData("2 TB", 2_000_000_000_000)]
    [InlineData("9223372036854775807", long.MaxValue)]
    public void Bytes_may_have_a_unit(string text, long bytes)
    {
        Assert.True(MemorySize.TryParse(text, out long read));
        Assert.Equal(bytes, read);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("KiB")]
    [InlineData("0.4")]
    [InlineData("1GO")]
    [InlineData("KB")]
    [InlineData("1e6")]
    [InlineData("9223372036854775808")]
    [InlineData("99999999TiB")]
    [InlineData("99999999999999999999999999999999999999")]
    public void Anything_else_has_not_been_understood(string? text) => Assert.False(MemorySize.TryParse(text, out _));
}
