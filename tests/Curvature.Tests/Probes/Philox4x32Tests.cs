using ActorHutch.Curvature.Probes;

namespace ActorHutch.Curvature.Tests.Probes;

public sealed class Philox4x32Tests
{
    /// <summary>The known answers that J. K. Salmon and others publish with Random123.</summary>
    [Theory]
    [InlineData(
        0u, 0u, 0u, 0u, 0ul,
        0x6627e8d5u, 0xe169c58du, 0xbc57ac4cu, 0x9b00dbd8u)]
    [InlineData(
        0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffff_fffffffful,
        0x408f276du, 0x41c83b0eu, 0xa20bc7c6u, 0x6d5451fdu)]
    [InlineData(
        0x243f6a88u, 0x85a308d3u, 0x13198a2eu, 0x03707344u, 0x299f31d0_a4093822ul,
        0xd16cfe09u, 0x94fdccebu, 0x5001e420u, 0x24126ea1u)]
    public void Block_gives_the_known_answers(
        uint c0, uint c1, uint c2, uint c3, ulong key, uint r0, uint r1, uint r2, uint r3) =>
        Assert.Equal(
            new UInt128Words(r0, r1, r2, r3), Philox4x32.Block(new UInt128Words(c0, c1, c2, c3), key));

    /// <summary>Fill takes eight counters at a time where it can: all lengths around its borders.</summary>
    [Fact]
    public void Fill_gives_the_words_of_consecutive_blocks_at_every_length()
    {
        var first = new UInt128Words(0xFFFF_FF00, 7, 0x89ABCDEF, 0x10000001);
        const ulong key = 0xFEDCBA98_76543210;
        for (int length = 0; length <= 140; length++)
        {
            var words = new uint[length];
            Philox4x32.Fill(first, key, words);

            for (int i = 0; i < length; i++)
            {
                var block = Philox4x32.Block(first with { X0 = first.X0 + (uint)(i / 4) }, key);
                Assert.Equal(Word(block, i % 4), words[i]);
            }
        }
    }

    private static uint Word(UInt128Words block, int index) =>
        index switch { 0 => block.X0, 1 => block.X1, 2 => block.X2, _ => block.X3 };
}
