using System.Text.Json;
using ActorHutch.Fakes;
using ActorHutch.GpuWorker.CommandLine;

namespace ActorHutch.GpuWorker.Tests.CommandLine;

/// <summary>What <c>actorhutch-worker</c> logs where there is no coordinator to be found.</summary>
public class WorkerLogTests
{
    private const string Nobody = "--seed-nodes 127.0.0.1:1 --join-timeout 1 --id w7 --device cpu";

    [Fact]
    public async Task As_JSON_each_line_is_an_object_that_names_the_worker()
    {
        string[] lines = await Run($"{Nobody} --log-format json");

        Assert.All(lines, line => Assert.Equal("w7", JsonDocument.Parse(line).RootElement.GetProperty("Worker").GetString()));
        var last = Assert.Single(lines, line => line.Contains("No coordinator was found in 1 s.", StringComparison.Ordinal));
        Assert.Equal("Error", JsonDocument.Parse(last).RootElement.GetProperty("@l").GetString());
    }

    [Fact]
    public async Task For_people_each_is_a_line_without_control_characters()
    {
        string[] lines = await Run(Nobody);

        Assert.StartsWith("No coordinator was found in 1 s. 127.0.0.1:1: connection refused", lines[^1], StringComparison.Ordinal);
        Assert.All(lines, line => Assert.DoesNotContain(line, char.IsControl));
    }

    private static async Task<string[]> Run(string line)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        int code = await new WorkerCommand(new FakeReplicaFactory(), output, error)
            .RunAsync(line.Split(' '), TestContext.Current.CancellationToken);
        Assert.Equal((3, ""), (code, output.ToString()));
        string[] lines = error.ToString().ReplaceLineEndings("\n").Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.NotEmpty(lines);
        return lines;
    }
}
