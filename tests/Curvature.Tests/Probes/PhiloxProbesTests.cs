using ActorHutch.Curvature.Probes;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Tests.Probes;

public sealed class PhiloxProbesTests
{
    private static readonly ProbeDistribution[] Random = [ProbeDistribution.Rademacher, ProbeDistribution.Gaussian];

    public static TheoryData<ProbeDistribution, ScalarType> Kinds()
    {
        var data = new TheoryData<ProbeDistribution, ScalarType>();
        foreach (var distribution in Random)
        {
            data.Add(distribution, ScalarType.Float32);
            data.Add(distribution, ScalarType.Float64);
        }

        return data;
    }

    /// <summary>Sizes around the borders of words, Philox blocks and the buffer of 16,384 signs.</summary>
    [Theory, MemberData(nameof(Kinds))]
    public void A_probe_does_not_depend_on_the_stack_it_is_drawn_in(ProbeDistribution distribution, ScalarType dtype)
    {
        var probes = new PhiloxProbes(seed: 3, distribution);
        foreach (int size in new[] { 1, 2, 31, 32, 33, 127, 128, 129, 1000, 16_384, 16_385, 40_001 })
        {
            double[] together = Draws.Of(probes, 10, 7, size, block: 1, dtype);
            for (int i = 0; i < 7; i++)
            {
                double[] alone = Draws.Of(probes, 10 + i, 1, size, block: 1, dtype);
                Assert.Equal(together[(i * size)..((i + 1) * size)], alone);
            }
        }
    }

    [Theory, InlineData(ProbeDistribution.Rademacher), InlineData(ProbeDistribution.Gaussian)]
    public void A_probe_s_entries_do_not_depend_on_how_many_there_are(ProbeDistribution distribution)
    {
        var probes = new PhiloxProbes(seed: 3, distribution);

        Assert.Equal(Draws.Of(probes, 5, 1, 40_000)[..777], Draws.Of(probes, 5, 1, 777));
    }

    [Fact]
    public void Single_and_double_precision_have_the_same_signs()
    {
        var probes = new PhiloxProbes(seed: 8);

        Assert.Equal(Draws.Of(probes, 0, 3, 1001), Draws.Of(probes, 0, 3, 1001, dtype: ScalarType.Float32));
    }

    [Fact]
    public void Single_precision_has_the_same_normal_numbers_rounded()
    {
        var probes = new PhiloxProbes(seed: 8, ProbeDistribution.Gaussian);

        Assert.Equal(
            Draws.Of(probes, 0, 3, 1001).Select(x => (double)(float)x),
            Draws.Of(probes, 0, 3, 1001, dtype: ScalarType.Float32));
    }

    [Theory, InlineData(ProbeDistribution.Rademacher), InlineData(ProbeDistribution.Gaussian)]
    public void Other_probes_blocks_and_seeds_have_other_entries(ProbeDistribution distribution)
    {
        // Sixty-four signs agree by chance once in 2⁶⁴.
        double[][] rows =
        [
            Draws.Of(new PhiloxProbes(1, distribution), 0, 1, 64),
            Draws.Of(new PhiloxProbes(1, distribution), 1, 1, 64),
            Draws.Of(new PhiloxProbes(1, distribution), 1L << 32, 1, 64),
            Draws.Of(new PhiloxProbes(1, distribution), 0, 1, 64, block: 1),
            Draws.Of(new PhiloxProbes(2, distribution), 0, 1, 64),
            Draws.Of(new PhiloxProbes(1ul << 32, distribution), 0, 1, 64),
        ];

        Assert.Equal(rows.Length, rows.Select(row => string.Join(' ', row)).Distinct().Count());
    }

    [Fact]
    public void The_two_spaces_have_other_signs()
    {
        using var scope = NewDisposeScope();
        using var output = new ProbeBits(1, ProbeDistribution.Rademacher, ProbeSpace.Output)
            .Draw(0, 1, 0, 1, 64, ScalarType.Float64, CPU);

        Assert.NotEqual(Draws.Of(new PhiloxProbes(1), 0, 1, 64), output.reshape(-1).data<double>().ToArray());
    }

    [Fact]
    public void Draws_have_the_shape_and_the_type_of_their_block()
    {
        using var scope = NewDisposeScope();
        var block = new ParameterBlock("weight", nn.Parameter(zeros([2, 3, 4], ScalarType.Float32)), 0);

        using var drawn = new PhiloxProbes(0).Draw(block, 0, 5);

        Assert.Equal([5, 2, 3, 4], drawn.shape);
        Assert.Equal(ScalarType.Float32, drawn.dtype);
    }

    [Fact]
    public void Basis_vectors_are_not_random() =>
        Assert.Throws<ArgumentException>(() => new PhiloxProbes(0, ProbeDistribution.Basis));

    [Fact]
    public void Probe_numbers_end_where_their_bits_do() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Draws.Of(new PhiloxProbes(0), 1L << 60, 1, 4));
}
