using ActorHutch.Curvature.Probes;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Tests.Probes;

/// <summary>
/// Which number is where: a contract, since a job must give the same probes on every worker, in every release. The
/// expected numbers are made here from Philox blocks, whose answers are published.
/// </summary>
public sealed class PhiloxProbesContractTests
{
    private const ulong Seed = 0x0123_4567_89AB_CDEF;

    /// <summary>Probes and blocks.</summary>
    public static TheoryData<long, int> Places =>
        new() { { 0, 0 }, { 1, 0 }, { 0, 3 }, { 12_345, 2 }, { (5L << 32) + 9, 1 } };

    /// <summary>More entries than are unpacked at once.</summary>
    [Theory, MemberData(nameof(Places))]
    public void A_sign_is_a_bit_of_the_block_that_its_place_names(long probe, int block)
    {
        double[] signs = Draws.Of(new PhiloxProbes(Seed), probe, 1, size: 33_001, block);

        for (int p = 0; p < signs.Length; p++)
        {
            uint word = Word((uint)(p / 128), block, probe, domain: 0, p % 128 / 32);
            Assert.Equal(((word >> (p % 32)) & 1) == 1 ? 1 : -1, signs[p]);
        }
    }

    [Fact]
    public void The_first_signs_of_seed_0_are_the_bits_of_the_first_known_answer()
    {
        double[] signs = Draws.Of(new PhiloxProbes(0), 0, 1, size: 64);

        ulong bits = 0;
        for (int p = 0; p < 64; p++) bits |= signs[p] > 0 ? 1ul << p : 0;
        Assert.Equal(0xe169c58d_6627e8d5ul, bits);
    }

    [Theory, MemberData(nameof(Places))]
    public void A_normal_number_is_made_by_Box_and_Muller_from_two_words(long probe, int block)
    {
        double[] numbers = Draws.Of(new PhiloxProbes(Seed, ProbeDistribution.Gaussian), probe, 1, size: 11, block);

        for (int p = 0; p < numbers.Length; p++)
        {
            double u = (Word((uint)(p / 4), block, probe, domain: 1, p % 4 / 2 * 2) + 0.5) / Math.Pow(2, 32);
            double w = (Word((uint)(p / 4), block, probe, domain: 1, p % 4 / 2 * 2 + 1) + 0.5) / Math.Pow(2, 32);
            double angle = 2 * Math.PI * w;
            double expected = Math.Sqrt(-2 * Math.Log(u)) * (p % 2 == 0 ? Math.Cos(angle) : Math.Sin(angle));

            // The same formula; only the order of operations may differ.
            Near.Absolute(expected, numbers[p], 1e-14);
        }
    }

    [Fact]
    public void Output_space_reads_another_domain_and_a_stream_for_each_unit()
    {
        using var scope = NewDisposeScope();
        var bits = new ProbeBits(Seed, ProbeDistribution.Rademacher, ProbeSpace.Output);

        using var drawn = bits.Draw(4, 1, firstStream: 2, streams: 3, length: 5, ScalarType.Float64, CPU);

        Assert.Equal([1, 3, 5], drawn.shape);
        for (int unit = 0; unit < 3; unit++)
        {
            for (int sample = 0; sample < 5; sample++)
            {
                uint word = Word(0, 2 + unit, 4, domain: 2, 0);
                Assert.Equal(((word >> sample) & 1) == 1 ? 1 : -1, drawn[0, unit, sample].item<double>());
            }
        }
    }

    private static uint Word(uint index, int stream, long probe, uint domain, int word)
    {
        var block = Philox4x32.Block(
            new UInt128Words(index, (uint)stream, (uint)probe, (uint)(probe >> 32) | (domain << 28)), Seed);
        return word switch { 0 => block.X0, 1 => block.X1, 2 => block.X2, _ => block.X3 };
    }
}
