using ActorHutch.Curvature.Estimation;
using ActorHutch.Curvature.Losses;
using ActorHutch.Curvature.Operators;
using ActorHutch.Curvature.Risks;
using ActorHutch.Curvature.Tests.Cases;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Tests.Estimation;

public sealed class RoundingErrorTests
{
    [Fact]
    public void It_is_the_mean_of_the_differences_and_their_t_interval_in_all_and_block_by_block()
    {
        // Differences of 1, 2, 3 and of −2, 0, −1; in all of −1, 2, 2.
        var single = new ProbeValues(0, 2, [11, 18, 12, 20, 13, 19]);
        var reference = new ProbeValues(0, 2, [10, 20, 10, 20, 10, 20]);

        var rounding = RoundingError.Of(single, reference, ["a", "b"], 0.95);

        // Student's t at 2 degrees of freedom is 4.302653; the deviations are √3, 1, 1.
        Near.Relative(1, rounding.Bias, 1e-12);
        Near.Relative(1 + 4.302653 * Math.Sqrt(3) / Math.Sqrt(3), rounding.Bound, 1e-6);
        Near.Relative(2 + 4.302653 / Math.Sqrt(3), rounding.Blocks[0].Bound, 1e-6);
        Near.Relative(-1, rounding.Blocks[1].Bias, 1e-12);
        Near.Relative(1 + 4.302653 / Math.Sqrt(3), rounding.Blocks[1].Bound, 1e-6);
        Assert.Equal(3, rounding.Probes);
        var exact = RoundingError.Of(single, reference, ["a", "b"], 0.95, isExact: true);
        Near.Relative(1 + 4.302653 * Math.Sqrt(3) * Math.Sqrt(1 + 1 / 3.0), exact.Bound, 1e-6);
        Near.Relative(2 + 4.302653 * Math.Sqrt(1 + 1 / 3.0), exact.Blocks[0].Bound, 1e-6);
        Near.Relative(31, rounding.Sample.Mean, 1e-12);
    }

    [Fact]
    public void It_widens_the_interval_and_nothing_else()
    {
        var accumulator = new TraceAccumulator(["a"]);
        accumulator.Add(new ProbeValues(0, 1, [.. Enumerable.Range(0, 40).Select(i => 10 + i % 3 - 1.0)]));
        var (without, with) = (accumulator.Estimate(), accumulator.Estimate(rounding: Rounding(0.5)));

        Assert.Equal((without.Trace, without.StandardError), (with.Trace, with.StandardError));
        Assert.Equal((without.Confidence.Low - 0.5, without.Confidence.High + 0.5), (with.Confidence.Low, with.Confidence.High));
        Near.Relative(without.Confidence.HalfWidth, with.StatisticalHalfWidth, 1e-12);
    }

    /// <summary>The half-width without rounding is about 0.27, or 2.7 % of the trace.</summary>
    [Theory]
    [InlineData(0, 0.03, true, false)]
    [InlineData(0.02, 0.03, true, false)]
    [InlineData(0.2, 0.03, false, false)]
    [InlineData(0.29, 0.03, false, false)]
    [InlineData(0.4, 0.03, false, true)]
    public void A_target_is_reached_by_both_errors_together_and_out_of_reach_by_rounding_alone(
        double bound, double target, bool reached, bool outOfReach)
    {
        var accumulator = new TraceAccumulator([]);
        accumulator.Add(new ProbeValues(0, 1, [.. Enumerable.Range(0, 40).Select(i => 10 + i % 3 - 1.0)]));
        var estimate = accumulator.Estimate(rounding: Rounding(bound));

        Assert.Equal(reached, StoppingRule.IsSatisfied(estimate, target));
        Assert.Equal(outOfReach, StoppingRule.IsOutOfReach(estimate, target));
        if (reached) Assert.True(StoppingRule.ProbesNeeded(estimate, target) <= estimate.Probes);
        else if (bound < 0.3) Assert.True(StoppingRule.ProbesNeeded(estimate, target) > estimate.Probes);
        else Assert.True(double.IsNaN(StoppingRule.ProbesNeeded(estimate, target)));
    }

    /// <summary>
    /// The interval holds the trace as often as it says: whatever part of its error is the probes', and whatever rounding's,
    /// whether rounding has a bias or scatters. 4,000 intervals each; a true rate of 95 % gives fewer than 93.3 % once in a
    /// million, and there are 24 cases.
    /// </summary>
    [Theory]
    [InlineData(3)]
    [InlineData(5)]
    [InlineData(8)]
    public void The_interval_has_its_level(int compared)
    {
        const int Replicates = 4000;
        var random = new Random(7);
        double Normal() => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
        foreach (double bias in (double[])[0, 0.1, 1, 10])
        {
            foreach (double scatter in (double[])[0.01, 3])
            {
                int held = 0;
                for (int r = 0; r < Replicates; r++)
                {
                    // The first probes of the estimate are those that are compared, as in a job.
                    double[] reference = [.. Enumerable.Range(0, 20).Select(_ => 50 + Normal())];
                    double[] single = [.. reference.Select(q => q + bias + scatter * bias * Normal())];
                    var rounding = RoundingError.Of(
                        new ProbeValues(0, 1, single[..compared]), new ProbeValues(0, 1, reference[..compared]), [], 0.95);
                    var accumulator = new TraceAccumulator([]);
                    accumulator.Add(new ProbeValues(0, 1, single));
                    if (accumulator.Estimate(rounding: rounding).Confidence.Contains(50)) held++;
                }

                Assert.True(held >= 0.933 * Replicates, $"bias {bias}, scatter {scatter}: {held} of {Replicates}");
            }
        }
    }

    public static TheoryData<string, CurvatureMatrix> Models()
    {
        var table = new TheoryData<string, CurvatureMatrix>();
        foreach (string model in FittedCases.Models.Keys)
        {
            foreach (var matrix in Enum.GetValues<CurvatureMatrix>()) table.Add(model, matrix);
        }

        return table;
    }

    /// <summary>
    /// With libtorch's cross-entropy, as a loss of one's own has it, single precision is off by up to 60 %: estimates with their
    /// rounding error hold the trace of double precision, and exact traces are as near to it as their bound says. At a level of
    /// 99.9 %, with a few hundred intervals in all that are not independent, one that misses is worth a look.
    /// </summary>
    [Theory, MemberData(nameof(Models))]
    public void Intervals_hold_the_trace_of_double_precision_where_single_precision_is_off(string model, CurvatureMatrix matrix)
    {
        const double Level = 0.999;
        double worst = 0;
        foreach (double value in (double[])[1, 1e-2, 1e-5, 1e-7, 1e-8, 1e-9, 1e-10])
        {
            var (problem, same) = FittedCases.With(model, "cross-entropy", value, seed: 2);
            using (problem)
            using (same)
            {
                var single = new EmpiricalRisk(problem.Risk.Model, new Plain(), problem.Risk.Inputs, problem.Risk.Targets);
                double truth = ExactTrace.Of(same.Risk, matrix).Trace;
                var options = new CurvatureOptions { Matrix = matrix, Method = CurvatureMethod.Autodiff, Seed = 3 };
                using var form = QuadraticForms.Create(single, options);
                using var reference = QuadraticForms.Create(same.Risk, options);

                var rounding = RoundingError.Measure(form, reference, 8, Level);
                var ofExact = RoundingError.Measure(form, reference, 8, Level, isExact: true);
                var estimate = HutchinsonEstimator.Estimate(form, 40, Level, rounding);
                double exact = ExactTrace.Of(single, matrix).Trace;

                Assert.True(estimate.Confidence.Contains(truth), $"loss {value}: {truth} is not in {estimate.Confidence}, {rounding}");
                Assert.True(Math.Abs(exact - truth) <= ofExact.Bound, $"loss {value}: {exact} is off {truth} by more than {ofExact.Bound}");
                worst = Math.Max(worst, Math.Abs(exact - truth) / truth);
            }
        }

        // Or the test would test nothing.
        Assert.True(worst > 0.02, $"{worst}");
    }

    private static RoundingError Rounding(double bound) => new(0, bound, 8, default, []);

    /// <summary>Cross-entropy as libtorch has it.</summary>
    private sealed class Plain() : Loss(Reduction.Mean)
    {
        public override Tensor Value(Tensor output, Tensor target) => nn.functional.cross_entropy(output, target);
    }
}
