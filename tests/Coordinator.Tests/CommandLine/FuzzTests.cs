using System.Globalization;
using System.Text;
using ActorHutch.Coordinator.JobFiles;
using ActorHutch.Curvature.Estimation;
using ActorHutch.Fakes;
using ActorHutch.Fuzzing;
using ActorHutch.Shared.CommandLine;

namespace ActorHutch.Coordinator.Tests.CommandLine;

/// <summary>
/// Thousands of damaged job files and command lines: each is a job or is refused in words, and a job is one that can be
/// counted, written and read again. A failure says the round, and the same seed makes the same rounds.
/// </summary>
public sealed class FuzzTests : IDisposable
{
    private const int Rounds = 1500;

    /// <summary>A job with every field that has a meaning without files.</summary>
    private static readonly string[] Everything =
    [
        "--probes", "95", "--v-batch", "10", "--seed", "18446744073709551615", "--method", "hmp", "--matrix", "ggn", "--structure", "full",
        "--distribution", "gaussian", "--dtype", "float64", "--relative-error", "0.125", "--memory-budget", "1.5MiB", "--parameters", "a,b*",
        "--micro-batch", "7", "--cluster", "--listen", "127.0.0.1:4100", "--advertise", "node-1:4100", "--seed-nodes", "a:1,[fd00::2]:2",
        "--join-timeout", "7.5", "--health", "127.0.0.1:8080", "--min-workers", "3", "--verify-fraction", "0.25", "--state", "kept", "--out", "out",
        "--dashboard", "127.0.0.1:8081", "--json", "--quiet", "--log-level", "error", "--log-format", "json",
    ];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Bytes_of_a_job_file()
    {
        byte[] job = Encoding.UTF8.GetBytes((await Invocation.Of([.. Everything, "--print-job"])).Out);
        var mutations = new Mutations(seed: 13);
        int accepted = 0;
        for (int round = 0; round < Rounds; round++) accepted += await IsAccepted(round, mutations.Mutate(job)) ? 1 : 0;

        // Letters of a name that is a file's or a folder's are as good as others.
        Assert.InRange(accepted, Rounds / 100, Rounds / 2);
    }

    [Fact]
    public async Task Values_of_a_job_file()
    {
        var random = new Random(13);
        int accepted = 0;
        for (int round = 0; round < Rounds; round++)
        {
            var fields = Enumerable.Range(0, random.Next(1, 4)).Select(_ => Pick(JobOptions.All, random))
                .Select(field => $"{System.Text.Json.JsonSerializer.Serialize(field.Field)}: {Values.Field(random)}");
            string text = random.Next(10) switch
            {
                0 => $"{{ \"versions\": 1, \"job\": {{ {string.Join(", ", fields)} }} }}",
                1 => $"{{ {string.Join(", ", fields)}, \"\\ud800\": 1 }}",
                2 => $"\ufeff{{ {string.Join(", ", fields)} }}",
                _ => $"{{ {string.Join(", ", fields)} }}",
            };
            accepted += await IsAccepted(round, Encoding.UTF8.GetBytes(text)) ? 1 : 0;
        }

        Assert.InRange(accepted, Rounds / 100, Rounds / 2);
    }

    [Fact]
    public async Task Command_lines()
    {
        var random = new Random(13);
        var options = new OptionTable<JobDocument>(JobOptions.All).Of(Estimator.Hutchinson.Name).Where(option => option.Name != "--print-job").ToArray();
        int accepted = 0;
        for (int round = 0; round < Rounds; round++)
        {
            string[] line =
            [
                "--print-job",
                .. Enumerable.Range(0, random.Next(1, 4)).SelectMany(_ => Given(Pick(options, random).Name, Values.Option(random), random)),
            ];
            var run = await Run(round, string.Join(' ', line), line);
            if (run.Code == 0) accepted++;
        }

        Assert.InRange(accepted, Rounds / 100, Rounds / 2);
    }

    private static IEnumerable<string> Given(string name, string value, Random random) => random.Next(4) switch
    {
        0 => [$"{name}={value}"],
        1 => [name],
        2 => [name, value, value],
        _ => [name, value],
    };

    private async Task<bool> IsAccepted(int round, byte[] file)
    {
        string path = _folder.File("job.json");
        await File.WriteAllBytesAsync(path, file, TestContext.Current.CancellationToken);
        var run = await Run(round, Encoding.UTF8.GetString(file), "--job", path, "--print-job");
        if (run.Code != 0) return false;

        await File.WriteAllTextAsync(path, run.Out, TestContext.Current.CancellationToken);
        Assert.Equal(run.Out, (await Run(round, run.Out, "--job", path, "--print-job")).Out);
        return true;
    }

    private static async Task<Invocation> Run(int round, string what, params string[] line)
    {
        Invocation run;
        try
        {
            run = await Task.Run(() => Invocation.Of(new FakeReplicaFactory(), line)).WaitAsync(TimeSpan.FromSeconds(60));
        }
        catch (Exception error)
        {
            throw new Xunit.Sdk.XunitException($"Round {round}, {what}: {error}");
        }

        string place = string.Create(CultureInfo.InvariantCulture, $"Round {round}, {what}:\n{run.Out}{run.Error}");
        Assert.True(run.Code is 0 or 2, place);
        if (run.Code == 2)
        {
            Assert.True(run.Out.Length == 0 && run.ErrorLines.Count > 1 && run.ErrorLines[^1] == "See actorhutch --help.", place);
            Assert.True(!run.Error.Contains("Exception", StringComparison.Ordinal) && !run.Error.Contains("   at ", StringComparison.Ordinal), place);
        }
        else
        {
            Assert.True(run.Out.StartsWith('{'), place);
            // What a coordinator does with a job before its first chunk.
            var job = run.Json;
            long probes = job.GetProperty("probes").GetInt64(), chunk = job.TryGetProperty("vBatch", out var size) ? size.GetInt64() : 50;
            Assert.True(probes >= 1 && chunk >= 1 && (Int128)probes + chunk <= long.MaxValue && (probes + chunk - 1) / chunk <= 1 << 30, place);
            if (job.TryGetProperty("joinTimeout", out var seconds)) Assert.True(TimeSpan.FromSeconds(seconds.GetDouble()).TotalMilliseconds <= int.MaxValue, place);
        }

        return run;
    }

    private static T Pick<T>(IReadOnlyList<T> values, Random random) => values[random.Next(values.Count)];
}
