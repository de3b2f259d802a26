using ActorHutch.Shared.Messages;
using ActorHutch.Shared.Wire;

namespace ActorHutch.Shared.Tests.Wire;

/// <summary>Whatever comes in, there is a message or a clear exception, and little memory is taken.</summary>
public sealed class BadBytesTests(Serializing wire) : IClassFixture<Serializing>
{
    /// <summary>Bytes that reading 300 bytes may allocate: exceptions with their stack traces are most of it.</summary>
    private const long MaxAllocation = 200_000;

    public static TheoryData<Type> Messages { get; } = [.. Serializing.MessageTypes];

    [Theory]
    [MemberData(nameof(Messages))]
    public void Random_bytes(Type type)
    {
        wire.Write(new RandomMessages(seed: 3).Of(type), out string manifest);
        var random = new Random(4);
        int refused = 0;
        for (int i = 0; i < 2000; i++)
        {
            byte[] bytes = new byte[random.Next(1, 300)];
            random.NextBytes(bytes);

            if (!Reads(bytes, manifest)) refused++;
        }

        Assert.InRange(refused, 1500, 2000);
    }

    [Theory]
    [MemberData(nameof(Messages))]
    public void Messages_with_a_bit_changed(Type type)
    {
        var messages = new RandomMessages(seed: 5);
        var random = new Random(6);
        for (int i = 0; i < 1000; i++)
        {
            byte[] bytes = wire.Write(messages.Of(type), out string manifest);
            if (bytes.Length == 0) continue;
            bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));

            Reads(bytes, manifest);
        }
    }

    [Theory]
    [MemberData(nameof(Messages))]
    public void Messages_cut_off(Type type)
    {
        var messages = new RandomMessages(seed: 7);
        for (int i = 0; i < 10; i++)
        {
            byte[] bytes = wire.Write(messages.Of(type), out string manifest);
            for (int length = 0; length < bytes.Length; length++) Reads(bytes[..length], manifest);
        }
    }

    [Fact]
    public void A_length_that_is_not_there()
    {
        // ChunkDone, field 4, with 2³¹−1 bytes to come; in it packed doubles, with as many.
        Assert.False(Reads([0x22, 0xff, 0xff, 0xff, 0xff, 0x07, 0x1a, 0xf8, 0xff, 0xff, 0xff, 0x07], "CD"));
        Assert.False(Reads([0x22, 0x06, 0x1a, 0xf8, 0xff, 0xff, 0xff, 0x07], "CD"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("XX")]
    [InlineData("rw")]
    [InlineData("System.Diagnostics.Process, System")]
    public void A_manifest_that_nobody_has(string manifest)
    {
        var error = Assert.Throws<WireException>(() => wire.Read([], manifest));

        Assert.Contains($"manifest '{manifest[..Math.Min(32, manifest.Length)]}", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_manifest_is_shown_short_and_printable()
    {
        var error = Assert.Throws<WireException>(() => wire.Read([], "a\n\u001b[2J" + new string('z', 10_000)));

        Assert.Contains("'a??[2Jzzz", error.Message, StringComparison.Ordinal);
        Assert.InRange(error.Message.Length, 10, 200);
    }

    [Fact]
    public void A_run_of_the_wrong_length_is_named()
    {
        var error = Assert.Throws<WireException>(() => wire.Read([0x0a, 2, 1, 2], "EJ"));

        Assert.Contains("EndJob", error.Message, StringComparison.Ordinal);
        Assert.Contains("16 bytes, not 2", error.Message, StringComparison.Ordinal);
    }

    private bool Reads(byte[] bytes, string manifest)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        bool read;
        try
        {
            Assert.IsType<IProtocolMessage>(wire.Read(bytes, manifest), exactMatch: false);
            read = true;
        }
        catch (WireException)
        {
            read = false;
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, MaxAllocation);
        return read;
    }
}
