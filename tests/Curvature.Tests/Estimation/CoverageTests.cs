using ActorHutch.Curvature.Operators;
using ActorHutch.Curvature.Probes;
using ActorHutch.Curvature.Risks;
using ActorHutch.Curvature.Statistics;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Tests.Estimation;

/// <summary>
/// A 95 % interval covers the true trace in 94 to 96 % of 2,000 runs. Probes of disjoint numbers are independent, so
/// one long evaluation, cut into runs, is that many runs.
/// </summary>
/// <remarks>
/// Runs of 30 probes: the fewest after which an estimation may stop, so the hardest for the approximation that their
/// mean is normal. The number of covering runs is binomial with a standard deviation of 0.49 %: a correct interval
/// would leave 94 to 96 % for one seed in 25, so the seed is fixed, at 0. A standard error that is a tenth too small
/// would cover in 92 %, four standard deviations away; what is closer is left to the tests of intervals and variances.
/// </remarks>
public sealed class CoverageTests
{
    private const double Trace = 12.45500893244757;
    private const int Runs = 2000;
    private const int Probes = 30;

    [Theory]
    [InlineData(ProbeSpace.Output, BlockStructure.Block)]
    [InlineData(ProbeSpace.Parameter, BlockStructure.Block)]
    [InlineData(ProbeSpace.Parameter, BlockStructure.Full)]
    public void A_95_percent_interval_covers_the_truth_in_94_to_96_percent_of_the_runs(
        ProbeSpace space, BlockStructure structure)
    {
        using var example = MnistExample.Create(ScalarType.Float32, CPU);
        using var form = QuadraticForms.Create(
            example.Risk, new CurvatureOptions { ProbeSpace = space, Structure = structure });
        var values = form.Evaluate(0, Runs * Probes);

        int covered = Enumerable.Range(0, Runs).Count(run => Enumerable.Range(run * Probes, Probes)
            .Aggregate(default(Moments), (moments, probe) => moments.Add(values.Total(probe))) is var moments
            && ConfidenceInterval.ForMean(moments, 0.95).Contains(Trace));

        Assert.InRange(covered, 0.94 * Runs, 0.96 * Runs);
    }
}
