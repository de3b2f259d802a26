using System.Globalization;
using System.Text.Json;
using ActorHutch.Fakes;

namespace ActorHutch.Coordinator.Tests.CommandLine;

/// <summary><c>--out</c>: the report's files.</summary>
public sealed class OutTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>The average trace is what mixed-precision quantisation goes by.</summary>
    [Fact]
    public async Task Blocks_have_their_average_trace_as_a_table()
    {
        var run = await Invocation.Of("--json", "--probes", "50", "--out", _folder.Path);

        var blocks = run.Json.GetProperty("blocks").EnumerateArray().ToArray();
        string[] lines = await File.ReadAllLinesAsync(_folder.File("blocks.csv"), TestContext.Current.CancellationToken);
        Assert.Equal("block,parameters,trace,standard_error,exact,average,average_standard_error", lines[0]);
        Assert.Equal([24L, 6L], blocks.Select(block => block.GetProperty("parameters").GetInt64()));
        foreach (var (block, line) in blocks.Zip(lines.Skip(1), (block, line) => (block, line.Split(','))))
        {
            double parameters = block.GetProperty("parameters").GetInt64();
            Assert.Equal(block.GetProperty("name").GetString(), line[0]);
            Assert.Equal(block.GetProperty("trace").GetDouble() / parameters, Number(line[5]));
            Assert.Equal(block.GetProperty("standardError").GetDouble() / parameters, Number(line[6]));
        }

        Assert.Contains("average trace", await File.ReadAllTextAsync(_folder.File("report.html"), TestContext.Current.CancellationToken), StringComparison.Ordinal);

        static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);
    }

    [Fact]
    public async Task An_estimates_report_is_a_page_JSON_CSV_and_pictures()
    {
        var run = await Invocation.Of("--probes", "120", "--out", _folder.Path);

        Assert.Equal(0, run.Code);
        Assert.EndsWith($"\nSee {_folder.File("report.html")}\n", run.Out, StringComparison.Ordinal);
        Assert.Equal(
            [
                "blocks.csv", "blocks.png", "blocks.svg", "convergence.png", "convergence.svg", "probes.csv", "report.html", "report.json",
                "timeline.png", "timeline.svg",
            ],
            Directory.GetFiles(_folder.Path).Select(Path.GetFileName).Order());
    }

    [Fact]
    public async Task The_JSON_is_the_one_on_standard_output()
    {
        var run = await Invocation.Of("--json", "--out", _folder.Path);

        Assert.Equal(run.Out, File.ReadAllText(_folder.File("report.json")));
        Assert.Equal(_folder.Path, run.Json.GetProperty("job").GetProperty("out").GetString());
    }

    [Theory]
    [InlineData("--probes 120 --v-batch 7 --workers 3")]
    [InlineData("--relative-error 0.01 --v-batch 10")]
    public async Task The_CSV_has_each_probes_values_in_order(string line)
    {
        var run = await Invocation.Of([.. line.Split(' '), "--seed", "4", "--json", "--out", _folder.Path]);

        string[] lines = File.ReadAllLines(_folder.File("probes.csv"));
        Assert.Equal("probe,total,first.weight,second.weight", lines[0]);
        double[][] rows = [.. lines.Skip(1).Select(one => one.Split(',').Select(cell => double.Parse(cell, CultureInfo.InvariantCulture)).ToArray())];
        Assert.Equal(run.Json.GetProperty("probes").GetInt32(), rows.Length);
        for (int probe = 0; probe < rows.Length; probe++)
        {
            double[] blocks = [FakeQuadraticForm.Value(4, probe, 0), FakeQuadraticForm.Value(4, probe, 1)];
            Assert.Equal([probe, blocks[0] + blocks[1], .. blocks], rows[probe]);
        }

        // Two ways to sum a thousand numbers of one size.
        Assert.Equal(run.Json.GetProperty("trace").GetDouble(), rows.Average(row => row[1]), 1e-12);
    }

    [Fact]
    public async Task An_exact_traces_report_has_no_convergence()
    {
        var run = await Invocation.Of("exact", "--out", _folder.Path);

        Assert.Equal(0, run.Code);
        Assert.False(File.Exists(_folder.File("convergence.png")));
        Assert.True(File.Exists(_folder.File("blocks.png")));
        Assert.Equal(9, File.ReadAllLines(_folder.File("probes.csv")).Length);
    }

    [Fact]
    public async Task A_folder_that_cannot_be_written_is_refused_before_anything_is_computed()
    {
        var factory = new FakeReplicaFactory();
        string file = _folder.Write("file", "");

        var run = await Invocation.Of(factory, ["--out", file]);

        Assert.Equal((2, ""), (run.Code, run.Out));
        Assert.StartsWith($"--out {file}: must be a folder that can be written to: ", run.Error, StringComparison.Ordinal);
        Assert.Empty(factory.Created);
    }

    [Fact]
    public async Task A_job_file_may_say_where()
    {
        string path = _folder.File("there");
        string job = _folder.Write("job.json", JsonSerializer.Serialize(new { probes = 60, @out = path }));

        Assert.Equal(0, (await Invocation.Of("--job", job)).Code);

        Assert.True(File.Exists(Path.Combine(path, "report.html")));
    }

    [Fact]
    public async Task A_job_that_failed_has_a_report_of_what_was_computed()
    {
        var factory = new FakeReplicaFactory
        {
            OnEvaluate = (first, _, _) =>
            {
                if (first == 500) throw new InvalidOperationException("the device is gone");
            },
        };

        var run = await Invocation.Of(factory, ["--out", _folder.Path, "--workers", "1"]);

        Assert.Equal(3, run.Code);
        Assert.Contains("the device is gone", File.ReadAllText(_folder.File("report.html")), StringComparison.Ordinal);
        Assert.Equal(501, File.ReadAllLines(_folder.File("probes.csv")).Length);
    }

    [Fact]
    public async Task A_job_that_went_on_where_it_had_stopped_has_all_its_probes()
    {
        string state = _folder.File("state"), path = _folder.File("report");
        string[] line = ["--probes", "200", "--json", "--state", state];
        await Invocation.Of(line);

        Assert.Equal(0, (await Invocation.Of([.. line, "--out", path])).Code);

        Assert.Equal(201, File.ReadAllLines(Path.Combine(path, "probes.csv")).Length);
        Assert.True(File.Exists(Path.Combine(path, "convergence.svg")));
    }

    [Fact]
    public async Task Compare_writes_a_picture_and_a_table()
    {
        var run = await Invocation.Of("compare", "--probes", "60", "--out", _folder.Path);

        Assert.Equal(0, run.Code);
        Assert.Equal(
            ["compare.csv", "compare.html", "compare.json", "compare.png", "compare.svg"],
            Directory.GetFiles(_folder.Path).Select(Path.GetFileName).Order());
        Assert.Equal(Coordinator.Running.Contender.All.Count + 1, File.ReadAllLines(_folder.File("compare.csv")).Length);
        Assert.StartsWith("autodiff,full,parameter,50,1", File.ReadAllLines(_folder.File("compare.csv"))[1], StringComparison.Ordinal);
    }

    [Fact]
    public void A_record_is_kept_where_it_is_asked_for_alone() => Assert.False(new Coordinator.Scheduling.JobPolicy().KeepsRecord);
}
