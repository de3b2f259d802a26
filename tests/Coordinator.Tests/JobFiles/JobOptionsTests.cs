using System.Reflection;
using System.Text.Json;
using ActorHutch.Coordinator.CommandLine;
using ActorHutch.Coordinator.JobFiles;
using ActorHutch.Coordinator.Tests.CommandLine;
using ActorHutch.Curvature.Estimation;
using ActorHutch.Fakes;
using ActorHutch.Shared.Jobs;
using ActorHutch.Shared.Options;

namespace ActorHutch.Coordinator.Tests.JobFiles;

/// <summary>The list of options, from which the command line, its help, job files, their schema and the documentation are made.</summary>
public sealed class JobOptionsTests : IDisposable
{
    /// <summary>Values of every kind of option, one of which is not its default.</summary>
    private static readonly string[] Values =
    [
        "true", "ggn", "full", "hmp", "output", "smallest", "gaussian", "float64", "exact", "bce", "batch-mean", "debug", "json", "127.0.0.1:1", "0.5", "0.5,2", "7", "text",
        new('a', 64),
    ];

    /// <summary>An option that nothing but this test knows.</summary>
    private static readonly OptionEntry<JobDocument> Added = OptionEntry.Of(
        "half-seed", "The half of the seed", "0", Formats.Number<ulong>("HALF", "must be half of a seed"),
        (JobDocument job) => job.Spec.Seed / 2, (job, value) => job with { Spec = job.Spec with { Seed = 2 * value } }) with
    {
        Commands = [Estimator.Exact.Name],
        Group = "Halves",
    };

    private static readonly OptionEntry<JobDocument>[] WithAdded = [.. JobOptions.All, Added];

    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Names => [.. JobOptions.All.Select(entry => entry.Name)];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task An_option_that_is_added_to_the_list_is_in_the_command_line_its_help_job_files_and_their_schema()
    {
        var printed = await Run("exact", "--half-seed", "21", "--print-job");
        Assert.Equal((0, ""), (printed.Code, printed.Error));
        Assert.Equal(42UL, printed.Json.GetProperty("seed").GetUInt64());
        Assert.Equal(21UL, printed.Json.GetProperty("halfSeed").GetUInt64());

        string file = _folder.Write("job.json", """{ "halfSeed": 3 }""");
        Assert.Equal(6UL, (await Run("--job", file, "--print-job")).Json.GetProperty("seed").GetUInt64());
        Assert.Equal(10UL, (await Run("exact", "--job", file, "--half-seed", "5", "--print-job")).Json.GetProperty("seed").GetUInt64());

        var wrong = await Run("exact", "--half-seed", "none", "--job", _folder.Write("wrong.json", """{ "halfSeed": "none" }"""));
        Assert.Equal(2, wrong.Code);
        Assert.Equal(
            ["--half-seed none: must be half of a seed.", $"{_folder.File("wrong.json")}: halfSeed none: must be half of a seed."], wrong.ErrorLines.SkipLast(1));

        var help = HelpSections.Of((await Run("exact", "--help")).Out);
        Assert.Contains(("--half-seed", "Halves", "--half-seed HALF        The half of the seed. Default: 0"), help.Options);
        Assert.DoesNotContain("--half-seed", (await Run("estimate", "--help")).Out, StringComparison.Ordinal);
        Assert.Equal("--half-seed\n", (await Run("[suggest]", "actorhutch exact --half")).Out);

        var schema = JsonDocument.Parse(JobSchema.Text(WithAdded)).RootElement.GetProperty("properties").GetProperty("halfSeed").GetProperty("anyOf")[0];
        Assert.Equal(("integer", "The half of the seed. Default: 0"), (schema.GetProperty("type").GetString(), schema.GetProperty("description").GetString()));
        Assert.Contains("| `halfSeed` | The half of the seed | half of a seed | 0 | exact |\n", OptionTableText.Of(WithAdded), StringComparison.Ordinal);
    }

    [Fact]
    public void Every_option_is_in_job_files_but_those_that_are_about_them()
    {
        Assert.Equal(["job", "print-job"], JobOptions.All.Where(entry => !entry.IsInJobFiles).Select(entry => entry.Name));
        Assert.Equal(JobOptions.All.Count, JobOptions.All.Select(entry => entry.Field).Distinct().Count());
        // A command says the kind, and whoever names a file on a command line has it.
        Assert.All(JobOptions.All.Where(entry => entry.Commands is []), entry => Assert.True(entry.Name == "kind" || entry.Name.EndsWith("-sha256", StringComparison.Ordinal)));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_value_is_read_written_and_changes_the_job_that_it_is_of_alone(string name)
    {
        var entry = JobOptions.All.Single(entry => entry.Name == name);
        var before = JobDocument.Default;
        var (text, after) = Values.Select(text => (text, After: entry.Read(before, text)))
            .First(read => read.After is not null && entry.Write(read.After) != entry.Write(before));

        Assert.Equal(text, entry.Write(after!));
        using var json = JsonDocument.Parse(entry.WriteJson(after!)!.ToJsonString());
        Assert.Equal(text, entry.Write(entry.Read(before, json.RootElement)!));
        // Jobs with other results have other names, and no others have.
        Assert.Equal(entry.ShowsInResult, before.Spec != after!.Spec);
        Assert.Equal((before.Settings, before.Run, before.Accuracy) == (after.Settings, after.Run, after.Accuracy), entry.ShowsInResult);
    }

    [Fact]
    public void Every_part_of_a_jobs_spec_has_an_option()
    {
        var changed = JobOptions.All.SelectMany(entry => Values.Select(text => entry.Read(JobDocument.Default, text))).OfType<JobDocument>().ToArray();

        AssertAllChange(JobDocument.Default.Spec, [.. changed.Select(job => job.Spec)]);
        AssertAllChange(new RiskSource(), [.. changed.Select(job => job.Spec.Risk)]);
        AssertAllChange(LossArguments.None, [.. changed.Select(job => job.Spec.Risk.LossArguments)]);
        AssertAllChange(new ExecutionSettings(), [.. changed.Select(job => job.Settings)]);
        AssertAllChange(new RunOptions(), [.. changed.Select(job => job.Run)]);
        AssertAllChange(new AccuracyPlan(), [.. changed.Select(job => job.Accuracy)]);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void The_default_that_is_said_is_the_default(string name)
    {
        var entry = JobOptions.All.Single(entry => entry.Name == name);
        // The built-in example is said by its file name in job files alone.
        if (name != "model" && entry.Write(JobDocument.Default) is { } text)
            Assert.Matches($"^{System.Text.RegularExpressions.Regex.Escape(text)}\\b", entry.Default);
    }

    [Fact]
    public void Those_that_a_result_depends_on_come_first()
    {
        string[] ofResults = [.. JobOptions.OfFiles().TakeWhile(entry => entry.ShowsInResult).Select(entry => entry.Field)];

        // The documentation of job files names it.
        Assert.Equal("roundingProbes", ofResults[^1]);
        Assert.Equal(ofResults.Length, JobOptions.All.Count(entry => entry.ShowsInResult));
    }

    [Fact]
    public void The_documented_table_is_what_the_options_say()
    {
        string path = Repository.File("docs/job-files.md");
        string text = File.ReadAllText(path);
        int start = text.IndexOf(OptionTableText.Head, StringComparison.Ordinal), end = text.IndexOf("\n\n", start, StringComparison.Ordinal) + 1;
        // To write it anew: ACTORHUTCH_WRITE_SCHEMAS=1 dotnet test
        if (Environment.GetEnvironmentVariable("ACTORHUTCH_WRITE_SCHEMAS") == "1")
            File.WriteAllText(path, text = text[..start] + OptionTableText.Of(JobOptions.All) + text[end..]);

        Assert.Contains($"\n{OptionTableText.Of(JobOptions.All)}\n", text, StringComparison.Ordinal);
    }

    private static async Task<Invocation> Run(params string[] line)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        int code = await new ActorHutchCommand(new Terminal(output, error), new FakeReplicaFactory(), WithAdded)
            .RunAsync(line, TestContext.Current.CancellationToken);
        return new Invocation(code, output.ToString(), error.ToString());
    }

    private static void AssertAllChange<T>(T before, T[] after, string? derived = null) => Assert.All(
        typeof(T).GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(property => property.CanWrite && property.Name != derived),
        property => Assert.True(after.Any(one => !Equals(property.GetValue(one), property.GetValue(before))), $"No option says {property.Name}."));
}
