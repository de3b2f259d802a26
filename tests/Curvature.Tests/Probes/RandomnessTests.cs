using ActorHutch.Curvature.Probes;

namespace ActorHutch.Curvature.Tests.Probes;

/// <summary>
/// Means of many entries against their expectation, in units of their standard deviation. The seed is fixed, so the
/// outcome is too; for a seed not looked at, |z| &gt; 5 happens once in 1.7 million by chance.
/// </summary>
public sealed class RandomnessTests
{
    private const int Probes = 200;
    private const int Size = 1000;
    private const double Limit = 5;

    [Fact]
    public void Signs_are_plus_or_minus_one_and_balanced()
    {
        double[] signs = Draws.Of(new PhiloxProbes(seed: 0), 0, Probes, Size);

        Assert.All(signs.Distinct(), sign => Assert.Equal(1, Math.Abs(sign)));
        Expect(0, signs, variance: 1);
    }

    [Theory, InlineData(1), InlineData(2), InlineData(4), InlineData(32), InlineData(128)]
    public void Signs_at_a_distance_within_a_probe_are_uncorrelated(int distance) =>
        Uncorrelated(ProbeDistribution.Rademacher, (row, i) => i + distance < Size ? (row, i + distance) : null);

    [Theory, InlineData(1), InlineData(2), InlineData(64)]
    public void Signs_of_probes_at_a_distance_are_uncorrelated(int distance) =>
        Uncorrelated(ProbeDistribution.Rademacher, (row, i) => row + distance < Probes ? (row + distance, i) : null);

    /// <summary>One and two apart: the cosine with its sine, and with the next pair's cosine.</summary>
    [Theory, InlineData(1), InlineData(2), InlineData(4)]
    public void Normal_numbers_at_a_distance_are_uncorrelated(int distance) =>
        Uncorrelated(ProbeDistribution.Gaussian, (row, i) => i + distance < Size ? (row, i + distance) : null);

    [Theory, InlineData(ProbeDistribution.Rademacher), InlineData(ProbeDistribution.Gaussian)]
    public void Blocks_and_seeds_are_uncorrelated(ProbeDistribution distribution)
    {
        double[] one = Draws.Of(new PhiloxProbes(0, distribution), 0, Probes, Size);
        double[] otherBlock = Draws.Of(new PhiloxProbes(0, distribution), 0, Probes, Size, block: 1);
        double[] otherSeed = Draws.Of(new PhiloxProbes(1, distribution), 0, Probes, Size);

        Expect(0, one.Zip(otherBlock, (a, b) => a * b), variance: 1);
        Expect(0, one.Zip(otherSeed, (a, b) => a * b), variance: 1);
    }

    /// <summary>E x = 0, E x² = 1, E x³ = 0, E x⁴ = 3, whose estimates vary with 1, 2, 15 and 96 over n.</summary>
    [Fact]
    public void Normal_numbers_have_the_moments_of_the_normal_distribution()
    {
        double[] normal = Draws.Of(new PhiloxProbes(0, ProbeDistribution.Gaussian), 0, Probes, Size);

        Expect(0, normal, variance: 1);
        Expect(1, normal.Select(x => x * x), variance: 2);
        Expect(0, normal.Select(x => x * x * x), variance: 15);
        Expect(3, normal.Select(x => x * x * x * x), variance: 96);
    }

    private static void Uncorrelated(ProbeDistribution distribution, Func<int, int, (int Row, int Entry)?> partner)
    {
        double[] entries = Draws.Of(new PhiloxProbes(0, distribution), 0, Probes, Size);
        var products = new List<double>();
        for (int row = 0; row < Probes; row++)
        {
            for (int i = 0; i < Size; i++)
            {
                if (partner(row, i) is { } other)
                    products.Add(entries[row * Size + i] * entries[other.Row * Size + other.Entry]);
            }
        }

        Expect(0, products, variance: 1);
    }

    private static void Expect(double mean, IEnumerable<double> values, double variance)
    {
        double[] all = [.. values];
        double z = (all.Average() - mean) / Math.Sqrt(variance / all.Length);
        Assert.True(Math.Abs(z) < Limit, $"The mean of {all.Length} values is {z:F1} standard deviations off {mean}.");
    }
}
