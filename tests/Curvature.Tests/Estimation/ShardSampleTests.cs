using ActorHutch.Curvature.Estimation;
using ActorHutch.Curvature.Losses;
using ActorHutch.Curvature.Operators;
using ActorHutch.Curvature.Probes;
using ActorHutch.Curvature.Tests.Cases;
using MathNet.Numerics.Distributions;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ActorHutch.Curvature.Tests.Estimation;

/// <summary>The trace of all samples from random shards of them.</summary>
public sealed class ShardSampleTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(64)]
    [InlineData(65)]
    [InlineData(1000)]
    public void An_order_has_every_number_once(long count)
    {
        var order = new SeededOrder(7, count);
        long[] numbers = [.. Enumerable.Range(0, (int)count).Select(place => order[place])];

        Assert.Equal(Enumerable.Range(0, (int)count).Select(n => (long)n), numbers.Order());
        if (count >= 64) Assert.NotEqual(numbers, [.. Enumerable.Range(0, (int)count).Select(place => new SeededOrder(8, count)[place])]);
    }

    /// <summary>
    /// Every number is as likely to be among the first as any other: of 4,000 seeds, each of 50 numbers is among the first ten 800 times,
    /// with a standard deviation of 25; one false alarm in a thousand sets of seeds.
    /// </summary>
    [Fact]
    public void Orders_are_random()
    {
        int[] first = new int[50];
        for (ulong seed = 0; seed < 4000; seed++)
        {
            var order = new SeededOrder(seed, first.Length);
            for (int place = 0; place < 10; place++) first[order[place]]++;
        }

        Assert.All(first, times => Assert.InRange(times, 800 - 106, 800 + 106));
    }

    [Fact]
    public void Shards_in_order_have_probes_of_their_own()
    {
        var plain = new WorkGrid(3, 3, 100, 16);
        var grid = plain.InOrder(5);
        Tile[] tiles = [.. Enumerable.Range(0, 7).Select(chunk => grid[chunk])];

        Assert.Equal(7, grid.Count);
        Assert.All(tiles, tile => Assert.Equal(tile.FirstSample / 16 * 3, tile.FirstProbe));
        Assert.Equal([.. Enumerable.Range(0, 7).Select(chunk => (plain[chunk].FirstSample, plain[chunk].Samples))], tiles.Select(tile => (tile.FirstSample, tile.Samples)).Order());
        Assert.NotEqual(tiles.Select(tile => tile.FirstSample), tiles.Select(tile => tile.FirstSample).Order());
    }

    /// <summary>Three of four shards of equal weight: the two-stage formula by hand.</summary>
    [Fact]
    public void Estimate_and_error_are_those_of_two_stages()
    {
        var grid = new WorkGrid(2, 2, 40, 10).InOrder(0);
        double[][] values = [[3, 5], [7, 7], [4, 10]];
        var fold = new ShardSample([], grid, sums: false);
        for (int m = 0; m < values.Length; m++) fold.Add(new ProbeValues(grid[m].FirstProbe, 1, [.. values[m]]) { Weight = 10 });

        var estimate = fold.Estimate();

        // Means 4, 7, 7 of probes with variances 2, 0, 18; halved for means of two.
        const double Between = (4 + 1 + 1) / 2.0, Within = (1 + 0 + 9) / 3.0, Share = 0.75;
        Near.Relative(6, estimate.Trace, 1e-14);
        Near.Relative(Math.Sqrt((1 - Share) * Between / 3 + Share * Within / 3), estimate.StandardError, 1e-12);
        Assert.Equal((2, new SeenPart(3, 4, 30, 40)), (estimate.DegreesOfFreedom, estimate.Part));
    }

    /// <summary>Shards that count more, or not at all, and a loss that is a sum.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void All_shards_give_the_trace_of_all_samples(bool sums)
    {
        using var scope = NewDisposeScope();
        using var problem = Classifier(sums ? ActorHutch.Curvature.Losses.Reduction.Sum : ActorHutch.Curvature.Losses.Reduction.Mean, samples: 23);
        var samples = new TensorSamples(problem.Risk.Inputs, problem.Risk.Targets);
        using var risk = new ShardedRisk(problem.Risk.Model, problem.Risk.Loss, samples, 5);
        var options = new CurvatureOptions { ProbeSpace = ProbeSpace.Prediction, Distribution = ProbeDistribution.Basis };
        using var form = QuadraticForms.Create(risk, options);
        int vectors = (int)form.BasisCount;
        var grid = new WorkGrid(vectors, vectors, 23, 5).InOrder(3);
        var fold = new ShardSample(form.Blocks, grid, sums);
        for (long m = 0; m < grid.Count; m++)
        {
            // All vectors of each shard, as if they were probes: their mean is a part of the trace.
            var values = form.Evaluate(grid[m] with { FirstProbe = 0 }, keeps: false);
            fold.Add(new ProbeValues(grid[m].FirstProbe, values.Columns, values.Values.ToArray()) { Weight = values.Weight });
        }

        var estimate = fold.Estimate();
        var exact = ExactTrace.Of(problem.Risk);

        Assert.True(fold.IsComplete);
        Near.Relative(exact.Trace / vectors, estimate.Trace, 1e-12);
        Near.Relative([.. exact.Blocks.Select(block => block.Trace / vectors)], [.. estimate.Blocks.Select(block => block.Trace)], 1e-12);
    }

    /// <summary>
    /// 2,000 runs with a fixed number of shards and 2,000 with the stopping rule, for shards of normal and of skewed means, of equal and of
    /// random weights: 95 % intervals cover in 93.8 to 96.2 % of runs with a chance of 99 % for each, if they are right.
    /// </summary>
    [Theory]
    [InlineData(0.0, false, 60)]
    [InlineData(0.0, true, 60)]
    [InlineData(0.7, true, 150)]
    [InlineData(0.0, true, 0)]
    [InlineData(0.4, false, 0)]
    public void Intervals_cover(double skew, bool weighted, int shards)
    {
        const int Runs = 2000, All = 400;
        var random = new Random(11);
        var normal = new Normal(0, 1, random);
        double[] means = [.. Enumerable.Range(0, All).Select(_ => skew == 0 ? 10 + 3 * normal.Sample() : 10 * Math.Exp(skew * normal.Sample()))];
        double[] weights = [.. Enumerable.Range(0, All).Select(_ => weighted ? 5.0 + random.Next(10) : 8.0)];
        double truth = means.Zip(weights, (q, w) => q * w).Sum() / weights.Sum();
        int covered = 0, stopped = 0;
        for (int run = 0; run < Runs; run++)
        {
            var grid = new WorkGrid(2, 2, All * 10, 10).InOrder((ulong)run);
            var fold = new ShardSample([], grid, sums: false);
            TraceEstimate estimate;
            do
            {
                var tile = grid[fold.Count];
                int shard = (int)(tile.FirstSample / 10);
                double[] probes = [means[shard] + 2 * normal.Sample(), means[shard] + 2 * normal.Sample()];
                fold.Add(new ProbeValues(tile.FirstProbe, 1, probes) { Weight = weights[shard] });
                estimate = fold.Estimate();
            }
            while (!fold.IsComplete && (shards > 0 ? fold.Count < shards : !StoppingRule.IsSatisfied(estimate, 0.06)));
            stopped += fold.IsComplete ? 0 : 1;
            covered += estimate.Confidence.Contains(truth) ? 1 : 0;
        }

        Assert.Equal(Runs, stopped);
        Assert.InRange((double)covered / Runs, 0.938, 0.962);
    }

    /// <summary>In every space: within five standard errors, and no more than a part of 4,000 samples is read for 10 %, 30 % with probes of parameters.</summary>
    [Theory]
    [InlineData(ProbeSpace.Parameter)]
    [InlineData(ProbeSpace.Output)]
    [InlineData(ProbeSpace.Prediction)]
    public void A_part_of_the_samples_is_enough(ProbeSpace space)
    {
        using var scope = NewDisposeScope();
        using var problem = Classifier(ActorHutch.Curvature.Losses.Reduction.Mean, samples: 4000);
        var samples = new TensorSamples(problem.Risk.Inputs, problem.Risk.Targets);
        using var risk = new ShardedRisk(problem.Risk.Model, problem.Risk.Loss, samples, 16);

        var estimate = SubsampleEstimator.Estimate(risk, new CurvatureOptions { ProbeSpace = space, Seed = 2 }, relativeError: space == ProbeSpace.Parameter ? 0.3 : 0.1);

        Assert.InRange(estimate.Part!.Samples, 30 * 16, 3600);
        Near.Absolute(ExactTrace.Of(problem.Risk).Trace, estimate.Trace, 5 * estimate.StandardError);
        Near.Relative(estimate.Trace, estimate.Blocks.Sum(block => block.Trace), 1e-12);
    }

    [Fact]
    public void Small_shards_are_a_thousand_or_of_thirty_two_samples()
    {
        using var scope = NewDisposeScope();
        long Size(long samples) => ShardSize.AutoSmall(new TensorSamples(zeros(samples, 2), zeros(samples)), ScalarType.Float32);

        Assert.Equal(59, Size(60_000));
        Assert.Equal(32, Size(3_200));
        Assert.Equal(ShardSize.Whole, Size(20));
        Assert.Equal(977, Size(1_000_000));
    }

    private static Problem Classifier(ActorHutch.Curvature.Losses.Reduction reduction, int samples)
    {
        var numbers = new Numbers(1);
        return new Problem(
            Problem.Prepared(Sequential(Linear(5, 4), Tanh(), Linear(4, 3)), numbers), new CrossEntropy(reduction), numbers.Normal(samples, 5), numbers.Classes(3, samples));
    }
}
