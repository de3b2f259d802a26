using ActorHutch.Curvature.Estimation;
using ActorHutch.Curvature.Losses;
using ActorHutch.Curvature.Operators;
using ActorHutch.Curvature.Probes;
using ActorHutch.Curvature.Risks;
using ActorHutch.Curvature.Tests.Cases;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ActorHutch.Curvature.Tests.Operators;

/// <summary>What each sample's own probes tell of a probe's variance, against each sample's values computed alone.</summary>
public sealed class SampleSpreadTests
{
    private const int First = 3, Probes = 7;

    /// <summary>The same terms in another order, squared twice.</summary>
    private const double Tolerance = 1e-10;

    public static TheoryData<string, string, ProbeSpace, BlockStructure> Table()
    {
        var data = new TheoryData<string, string, ProbeSpace, BlockStructure>();
        foreach (string loss in (string[])["cross-entropy, sum", "cross-entropy with all options, mean"])
        {
            foreach (string model in (string[])["tanh", "residual of convolutions", "embedding"])
            {
                if (!ModelCases.All.ContainsKey(model)) continue;
                foreach (var structure in Enum.GetValues<BlockStructure>())
                {
                    data.Add(model, loss, ProbeSpace.Output, structure);
                    data.Add(model, loss, ProbeSpace.Prediction, structure);
                }
            }
        }

        return data;
    }

    [Theory, MemberData(nameof(Table))]
    public void It_is_the_sum_of_the_variances_of_samples_by_themselves(string model, string loss, ProbeSpace space, BlockStructure structure)
    {
        using var scope = NewDisposeScope();
        using var problem = ModelCases.All[model].With(LossCase.All[loss]);
        var options = new CurvatureOptions { ProbeSpace = space, Structure = structure, Seed = 3 };
        double[][][] alone = Alone(problem.Risk, options);
        int columns = alone[0][0].Length;
        double[] variances = [.. Enumerable.Range(0, columns).Select(c => alone.Sum(sample => Variance(sample, c)))];
        double[] squares = [.. Enumerable.Range(0, columns).Select(c => alone.Sum(sample => Math.Pow(Variance(sample, c), 2)))];

        // Stacks of a few probes each, blocks of a few samples, shards of four, micro-batches of two.
        using var whole = QuadraticForms.Create(problem.Risk, options);
        using var small = QuadraticForms.Create(problem.Risk, options with { MemoryBudget = 1 });
        using var fours = Sharded(problem.Risk, 4, null);
        using var ofFours = QuadraticForms.Create(fours, options);
        using var twos = Sharded(problem.Risk, 4, 2);
        using var ofTwos = QuadraticForms.Create(twos, options);
        foreach (var form in (IQuadraticForm[])[whole, small, ofFours, ofTwos])
        {
            var spread = form.Evaluate(First, Probes).Spread!;

            Near.Relative(variances, spread.Variances, Tolerance);
            Near.Relative(squares, spread.Squares, Tolerance);
        }
    }

    [Fact]
    public void Where_samples_share_their_probes_or_there_is_one_probe_there_is_none()
    {
        using var scope = NewDisposeScope();
        using var problem = ModelCases.All["tanh"].With(LossCase.All["cross-entropy, mean"]);
        ProbeValues Values(CurvatureOptions options, int count)
        {
            using var form = QuadraticForms.Create(problem.Risk, options);
            return form.Evaluate(0, count);
        }

        Assert.NotNull(Values(new CurvatureOptions { ProbeSpace = ProbeSpace.Output }, 2).Spread);
        Assert.Null(Values(new CurvatureOptions(), 2).Spread);
        Assert.Null(Values(new CurvatureOptions { ProbeSpace = ProbeSpace.Output }, 1).Spread);
        Assert.Null(Values(new CurvatureOptions { ProbeSpace = ProbeSpace.Output, Distribution = ProbeDistribution.Basis }, 2).Spread);
    }

    /// <summary>
    /// Two probes of each of 60 samples: intervals of 2,000 seeds cover in 94 to 96 %. The number is binomial with a standard deviation of
    /// 0.49 %, so that a right interval would leave the range for one choice of seeds in 25; the seeds are the first 2,000. Student's t
    /// with the one degree of freedom that two probes have among each other would be 12.7 standard errors wide.
    /// </summary>
    [Theory]
    [InlineData(ProbeSpace.Output, BlockStructure.Full)]
    [InlineData(ProbeSpace.Prediction, BlockStructure.Full)]
    public void Two_probes_of_each_sample_cover_the_trace_and_know_how_well(ProbeSpace space, BlockStructure structure)
    {
        const int runs = 2000;
        using var scope = NewDisposeScope();
        var numbers = new Numbers(5);
        using var problem = new Problem(
            Problem.Prepared(Sequential(Linear(6, 5), Tanh(), Linear(5, 5), Tanh(), Linear(5, 4)), numbers), new CrossEntropy(), numbers.Normal(60, 6),
            numbers.Classes(4, 60));
        double trace = ExactTrace.Of(problem.Risk).Trace;
        using var form = QuadraticForms.Create(problem.Risk, new CurvatureOptions { ProbeSpace = space, Structure = structure, Seed = 1 });
        int covered = 0;
        double freedom = 0;
        for (int run = 0; run < runs; run++)
        {
            var accumulator = new TraceAccumulator([]);
            var values = form.Evaluate(2 * run, 2);
            accumulator.Add(new ProbeValues(0, 1, [.. values.Values]) { Spread = values.Spread });
            var estimate = accumulator.Estimate();
            if (estimate.Confidence.Contains(trace)) covered++;
            freedom += estimate.DegreesOfFreedom / runs;
            Assert.True(estimate.IsBySample);
        }

        Assert.InRange(covered, 0.94 * runs, 0.96 * runs);
        // As many as samples, if all counted the same.
        Assert.InRange(freedom, 10, 60);
    }

    /// <summary>Each sample's part of each probe, <c>[N][P][columns and their sum]</c>.</summary>
    private static double[][][] Alone(EmpiricalRisk risk, CurvatureOptions options)
    {
        using var ones = Sharded(risk, 1, null);
        using var form = QuadraticForms.Create(ones, options);
        ProbeValues[] samples = [.. Enumerable.Range(0, (int)risk.SampleCount).Select(n => form.Evaluate(ones.Shards.Of(First, Probes, n), keeps: false))];
        bool sums = risk.Loss.Reduction == ActorHutch.Curvature.Losses.Reduction.Sum;
        double total = sums ? 1 : samples.Sum(values => values.Weight);
        return [.. samples.Select(values => Enumerable.Range(0, Probes).Select(p => (double[])
        [
            .. values[p].ToArray().Append(values.Total(p)).Select(value => sums ? value : values.Weight == 0 ? 0 : value * values.Weight / total),
        ]).ToArray())];
    }

    private static double Variance(double[][] probes, int column)
    {
        double mean = probes.Average(probe => probe[column]);
        return probes.Sum(probe => Math.Pow(probe[column] - mean, 2)) / (probes.Length - 1);
    }

    private static ShardedRisk Sharded(EmpiricalRisk risk, int size, int? microBatch) =>
        new(risk.Model, risk.Loss, new TensorSamples(risk.Inputs, risk.Targets), size, microBatch);
}
