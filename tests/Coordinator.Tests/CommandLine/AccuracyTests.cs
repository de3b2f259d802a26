using System.Globalization;
using ActorHutch.Curvature.Statistics;
using ActorHutch.Fakes;

namespace ActorHutch.Coordinator.Tests.CommandLine;

public sealed class AccuracyTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Its_numbers_are_those_of_a_job_for_each_seed_and_V()
    {
        var run = await Accuracy("--seeds", "3", "--from", "10", "--to", "200", "--steps", "5", "--seed", "7", "--json");

        Assert.Equal((0, ""), (run.Code, run.Error));
        string[] lines = File.ReadAllLines(_folder.File("accuracy.csv"));
        Assert.Equal("seed,probes,estimate,standard_error,exact", lines[0]);
        Assert.Equal(
            ["7", "7", "7", "7", "7", "8", "8", "8", "8", "8", "9", "9", "9", "9", "9"], lines.Skip(1).Select(line => line.Split(',')[0]));
        foreach (string line in lines.Skip(1))
        {
            string[] cells = line.Split(',');
            var alone = (await Invocation.Of("--json", "--probes", cells[1], "--seed", cells[0])).Json;
            Assert.Equal(alone.GetProperty("trace").GetDouble(), Number(cells[2]));
            Assert.Equal(alone.GetProperty("standardError").GetDouble(), Number(cells[3]));
            Assert.Equal(FakeQuadraticForm.Trace, Number(cells[4]), 1e-12);
        }

        Assert.Equal([10, 21, 45, 95, 200], run.Json.GetProperty("points").EnumerateArray().Select(point => point.GetProperty("probes").GetInt32()));
    }

    [Fact]
    public async Task The_spread_over_the_seeds_stands_beside_what_theory_has_for_it()
    {
        var json = (await Accuracy("--seeds", "15", "--json")).Json;

        var points = json.GetProperty("points").EnumerateArray().ToArray();
        Assert.Equal(30, points.Length);
        Assert.Equal((10, 1000), (points[0].GetProperty("probes").GetInt32(), points[^1].GetProperty("probes").GetInt32()));
        double deviation = json.GetProperty("probeDeviation").GetDouble();
        // A fake probe is the sum of two uniform variables of width 1, of variance 1/6; 15,000 of them tell it to about 1 %.
        Assert.Equal(Math.Sqrt(1.0 / 6), deviation, 0.01);
        var runs = json.GetProperty("runs").EnumerateArray().ToArray();
        for (int i = 0; i < points.Length; i++)
        {
            double[] estimates = [.. runs.Select(run => run.GetProperty("estimates")[i].GetProperty("trace").GetDouble())];
            var moments = estimates.Aggregate(default(Moments), (sum, estimate) => sum.Add(estimate));
            Assert.Equal(moments.Mean, points[i].GetProperty("mean").GetDouble(), 1e-12);
            Assert.Equal(Math.Sqrt(moments.Variance), points[i].GetProperty("spread").GetDouble(), 1e-12);
            Assert.Equal(deviation / Math.Sqrt(points[i].GetProperty("probes").GetInt32()), points[i].GetProperty("expected").GetDouble(), 1e-12);
            Assert.Equal((estimates.Min(), estimates.Max()),
                (points[i].GetProperty("lowest").GetDouble(), points[i].GetProperty("highest").GetDouble()));
        }
    }

    [Fact]
    public async Task People_get_a_table_in_eighty_columns_and_pictures()
    {
        var run = await Accuracy("--seeds", "4", "--steps", "6");

        Assert.All(run.Out.Split('\n').SkipLast(2), line => Assert.True(line.Length <= 80, line));
        Assert.Contains("4 runs of 1,000 probes, seeds 0 to 3, method quadratic", run.Out, StringComparison.Ordinal);
        Assert.Matches(@"\n1,000 +12\.\d+ ", run.Out);
        Assert.Equal(
            ["accuracy.csv", "accuracy.html", "accuracy.json", "accuracy.png", "accuracy.svg"],
            Directory.GetFiles(_folder.Path).Select(Path.GetFileName).Order());
    }

    [Fact]
    public async Task One_run_serves_all_its_numbers_of_probes()
    {
        long probes = 0;
        var factory = new FakeReplicaFactory { OnEvaluate = (_, count, _) => Interlocked.Add(ref probes, count), BasisCount = 8 };

        await Invocation.Of(factory, ["accuracy", "--seeds", "5", "--to", "100", "--workers", "1", "--out", _folder.Path]);

        // Five times 100, and the exact trace; each form is warmed up with a chunk more. A job for each V would take 4,700.
        Assert.InRange(probes, 508, 508 + 6 * 50);
    }

    [Fact]
    public async Task A_report_runs_again_with_its_plan()
    {
        string[] plan = ["--seeds", "3", "--from", "5", "--to", "90", "--steps", "4"];
        var first = await Accuracy([.. plan, "--seed", "7", "--json"]);

        var again = await Accuracy("--job", _folder.File("accuracy.json"), "--json");

        Assert.Equal((0, ""), (again.Code, again.Error));
        Assert.Equal(5, again.Json.GetProperty("plan").GetProperty("from").GetInt32());
        Assert.Equal(first.Json.GetProperty("plan").GetRawText(), again.Json.GetProperty("plan").GetRawText());
        Assert.Equal(first.Json.GetProperty("runs").GetRawText(), again.Json.GetProperty("runs").GetRawText());
        Assert.Equal(6, (await Accuracy("--job", _folder.File("accuracy.json"), "--steps", "6", "--json")).Json.GetProperty("points").GetArrayLength());
    }

    [Fact]
    public async Task What_is_wrong_with_a_plan_in_a_job_file_is_told()
    {
        string file = _folder.Write("job.json", """{ "seeds": 1, "from": "few", "to": 5 }""");

        var run = await Invocation.Of("accuracy", "--job", file);

        Assert.Equal(2, run.Code);
        Assert.Equal(
            [
                $"{file}: from few: must be a whole number, at least 1.",
                $"{file}: seeds 1: must be a whole number from 2 to 10000: a spread takes two.",
                $"{file}: to 5: must be a whole number above --from, which is 10.", "See actorhutch --help.",
            ], run.ErrorLines);
    }

    [Theory]
    [InlineData("--seeds 1", "--seeds 1: must be a whole number from 2 to 10000: a spread takes two.")]
    [InlineData("--from 0", "--from 0: must be a whole number, at least 1.")]
    [InlineData("--to 10", "--to 10: must be a whole number above --from, which is 10.")]
    [InlineData("--steps 1", "--steps 1: must be a whole number from 2 to 10000.")]
    [InlineData("--steps x", "--steps x: must be a whole number, at least 2.")]
    [InlineData("--probes 5", "Unrecognized command or argument '--probes'.")]
    public async Task A_bad_value_is_named_with_what_would_be_right(string options, string problem)
    {
        var run = await Accuracy(options.Split(' '));

        Assert.Equal((2, ""), (run.Code, run.Out));
        Assert.Equal(problem, run.ErrorLines[0]);
        Assert.Empty(Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public async Task A_run_that_fails_is_told_and_those_before_it_are_shown()
    {
        int runs = 0;
        var factory = new FakeReplicaFactory
        {
            OnForm = options => Interlocked.Exchange(ref runs, (int)options.Seed),
            OnEvaluate = (first, _, _) =>
            {
                if (runs == 2 && first == 50) throw new InvalidOperationException("the device is gone");
            },
        };

        var run = await Invocation.Of(factory, ["accuracy", "--json", "--workers", "1", "--out", _folder.Path]);

        Assert.Equal(3, run.Code);
        Assert.Contains("the device is gone", run.Json.GetProperty("error").GetString(), StringComparison.Ordinal);
        Assert.Equal(2, run.Json.GetProperty("runs").GetArrayLength());
    }

    private Task<Invocation> Accuracy(params string[] options) => Invocation.Of(["accuracy", "--out", _folder.Path, .. options]);

    private static double Number(string cell) => double.Parse(cell, CultureInfo.InvariantCulture);
}
