using ActorHutch.Curvature.Estimation;
using ActorHutch.Curvature.Operators;
using ActorHutch.Curvature.Tests.Cases;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Tests.Estimation;

public sealed class HutchinsonEstimatorTests
{
    [Fact]
    public void It_is_the_accumulated_values_of_the_first_probes()
    {
        using var scope = NewDisposeScope();
        using var problem = ModelCases.All["tanh"].With(LossCase.All["cross-entropy, mean"]);
        using var form = QuadraticForms.Create(problem.Risk, new CurvatureOptions { Seed = 12 });
        var expected = new TraceAccumulator(form.Blocks);
        expected.Add(form.Evaluate(0, 50));

        var estimate = HutchinsonEstimator.Estimate(form, 50, confidenceLevel: 0.8);

        Assert.Equal(
            (expected.Moments.Mean, expected.Moments.StandardError, 50L), (estimate.Trace, estimate.StandardError, estimate.Probes));
        Assert.Equal(expected.Estimate(0.8).Confidence, estimate.Confidence);
        Assert.Equal(problem.Risk.Blocks.Select(block => block.Name), estimate.Blocks.Select(block => block.Name));
    }

    [Fact]
    public void The_same_seed_gives_the_same_bits_and_another_seed_another_estimate()
    {
        using var scope = NewDisposeScope();
        using var problem = ModelCases.All["tanh"].With(LossCase.All["cross-entropy, mean"]);

        Assert.Equal(Trace(3), Trace(3));
        Assert.NotEqual(Trace(3), Trace(4));

        double Trace(ulong seed)
        {
            using var form = QuadraticForms.Create(problem.Risk, new CurvatureOptions { Seed = seed });
            return HutchinsonEstimator.Estimate(form, 30).Trace;
        }
    }

    [Fact]
    public void It_stops_when_it_is_cancelled()
    {
        using var scope = NewDisposeScope();
        using var problem = ModelCases.All["tanh"].With(LossCase.All["cross-entropy, mean"]);
        using var form = QuadraticForms.Create(problem.Risk);

        Assert.Throws<OperationCanceledException>(
            () => HutchinsonEstimator.Estimate(form, 30, cancellation: new CancellationToken(canceled: true)));
        Assert.Throws<OperationCanceledException>(
            () => ExactTrace.Of(problem.Risk, cancellation: new CancellationToken(canceled: true)));
    }
}
