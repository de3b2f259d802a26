using ActorHutch.Curvature.Estimation;
using ActorHutch.Curvature.Operators;
using ActorHutch.Curvature.Probes;
using ActorHutch.Curvature.Risks;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Tests.Estimation;

/// <summary>What one probe is worth on the example, in each space and structure.</summary>
public sealed class ExampleSpreadTests
{
    private const double Trace = 12.45500893244757;

    /// <summary>
    /// The standard deviation of n values is itself known to about √((κ − 1)/4n), κ their kurtosis: 1.5 % for 4,000
    /// values of κ = 4.6 and less for less. The tolerance is four of those, and the rounding of the reference.
    /// </summary>
    [Theory]
    [InlineData(ProbeSpace.Parameter, BlockStructure.Full, 9.45)]
    [InlineData(ProbeSpace.Parameter, BlockStructure.Block, 4.51)]
    [InlineData(ProbeSpace.Output, BlockStructure.Block, 0.33)]
    public void One_probe_has_the_standard_deviation_that_was_measured(
        ProbeSpace space, BlockStructure structure, double deviation)
    {
        using var example = MnistExample.Create(ScalarType.Float32, CPU);
        using var form = QuadraticForms.Create(
            example.Risk, new CurvatureOptions { ProbeSpace = space, Structure = structure });

        var estimate = HutchinsonEstimator.Estimate(form, 4000);

        Near.Absolute(deviation, Math.Sqrt(estimate.ProbeVariance), 0.06 * deviation + 0.005);

        // Five standard errors: a false alarm in 1.7 million.
        Near.Absolute(Trace, estimate.Trace, 5 * estimate.StandardError);
    }

    [Theory]
    [InlineData(CurvatureMethod.Autodiff)]
    [InlineData(CurvatureMethod.Hmp)]
    [InlineData(CurvatureMethod.Quadratic)]
    public void All_methods_agree_on_every_probe_in_both_precisions(CurvatureMethod method)
    {
        foreach (var structure in Enum.GetValues<BlockStructure>())
        {
            double[] exact = Totals(ScalarType.Float64, CurvatureMethod.Autodiff, structure);

            // Sums of 15,880 products: relative to the spread of the values, 1e-15 or 1e-7 each.
            Near.Relative(exact, Totals(ScalarType.Float64, method, structure), 1e-11);
            Near.Relative(exact, Totals(ScalarType.Float32, method, structure), 1e-4);
        }
    }

    private static double[] Totals(ScalarType dtype, CurvatureMethod method, BlockStructure structure)
    {
        using var example = MnistExample.Create(dtype, CPU);
        using var form = QuadraticForms.Create(
            example.Risk, new CurvatureOptions { Method = method, Structure = structure });
        var values = form.Evaluate(0, 20);
        return [.. Enumerable.Range(0, values.Count).Select(values.Total)];
    }
}
