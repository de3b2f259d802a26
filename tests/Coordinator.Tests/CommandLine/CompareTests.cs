using System.Globalization;
using ActorHutch.Curvature;
using ActorHutch.Curvature.Operators;
using ActorHutch.Fakes;
using ActorHutch.Shared.Jobs;

namespace ActorHutch.Coordinator.Tests.CommandLine;

public class CompareTests
{
    [Fact]
    public async Task Every_contender_has_a_row()
    {
        var run = await Invocation.Of("compare", "--json", "--probes", "60");

        Assert.Equal(0, run.Code);
        var rows = run.Json.GetProperty("rows").EnumerateArray().ToArray();
        Assert.Equal(
            [
                "autodiff full parameter 50", "autodiff block parameter 50",
                "hmp block parameter 5", "hmp block parameter 10", "hmp block parameter 20", "hmp block parameter 50",
                "quadratic block parameter 5", "quadratic block parameter 10", "quadratic block parameter 20", "quadratic block parameter 50",
                "quadratic full parameter 20", "quadratic block output 20", "quadratic full output 20", "quadratic block prediction 20",
            ],
            rows.Select(row => string.Join(' ', ((string[])["method", "structure", "probeSpace", "vBatch"])
                .Select(name => row.GetProperty(name).ToString()))));
        Assert.Equal(FakeQuadraticForm.Trace, run.Json.GetProperty("exactTrace").GetDouble(), 1e-12);
    }

    [Fact]
    public async Task Its_figures_follow_from_one_another()
    {
        var run = await Invocation.Of("compare", "--json", "--probes", "60");

        var rows = run.Json.GetProperty("rows").EnumerateArray().ToArray();
        double baseline = rows[0].GetProperty("probesPerSecond").GetDouble();
        Assert.All(rows, row =>
        {
            double Figure(string name) => row.GetProperty(name).GetDouble();
            Assert.Equal(60 / Figure("elapsedSeconds"), Figure("probesPerSecond"), 1e-9 * Figure("probesPerSecond"));
            Assert.Equal(Figure("probesPerSecond") / baseline, Figure("speedUp"), 1e-9 * Figure("speedUp"));
            double probes = 60 * Math.Pow(Figure("standardError") / (0.01 * Figure("trace")), 2);
            Assert.Equal(probes, Figure("probesToTarget"), 1e-9 * probes);
            Assert.Equal(
                probes / Figure("probesPerSecond"), Figure("secondsToTarget"), 1e-9 * Figure("secondsToTarget"));
        });
    }

    [Fact]
    public async Task Its_contenders_share_a_replica_and_none_is_held_up_by_double_precision()
    {
        var factory = new FakeReplicaFactory();

        await Invocation.Of(factory, ["compare", "--probes", "60", "--workers", "1"]);

        // The exact trace's own form makes room for two of its probes in both precisions, and is made again.
        Assert.Equal(17, Assert.Single(factory.Created, replica => replica.Key.Dtype == Dtype.Float32).Forms.Count);
        Assert.Single(Assert.Single(factory.Created, replica => replica.Key.Dtype == Dtype.Float64).Forms);
    }

    [Fact]
    public async Task A_contender_that_cannot_run_says_why_and_the_others_do()
    {
        var factory = new FakeReplicaFactory
        {
            OnForm = options =>
            {
                if (options.Method == CurvatureMethod.Hmp) throw new CurvatureException("No rule for this layer.");
            },
        };

        var run = await Invocation.Of(factory, ["compare", "--probes", "60"]);

        Assert.Equal(0, run.Code);
        Assert.Contains("hmp block: No rule for this layer.", run.Out, StringComparison.Ordinal);
        Assert.Matches("output block +20 +[0-9]", run.Out);
    }

    [Fact]
    public async Task People_see_it_in_eighty_columns()
    {
        var run = await Invocation.Of("compare", "--probes", "60");

        Assert.All(run.Out.Split('\n'), line => Assert.True(line.Length <= 80, line));
        Assert.Contains("60 Rademacher probes each, seed 0, float32", run.Out, StringComparison.Ordinal);
        Assert.Equal(
            14, run.Out.Split('\n').Count(line => line.Contains('±', StringComparison.Ordinal)
                && line.Contains('×', StringComparison.Ordinal)));
        Assert.Contains(1.0.ToString("F2", CultureInfo.InvariantCulture) + "×", run.Out, StringComparison.Ordinal);
    }
}
