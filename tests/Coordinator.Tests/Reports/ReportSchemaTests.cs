using System.Text.Json;
using System.Text.Json.Nodes;
using ActorHutch.Coordinator.Tests.CommandLine;
using ActorHutch.Fakes;

namespace ActorHutch.Coordinator.Tests.Reports;

/// <summary>The schemas in docs describe every report there is.</summary>
public class ReportSchemaTests
{
    private static readonly JsonElement Schema = JsonSchemaCheck.Read("report.schema.json");

    [Theory]
    [InlineData("--probes 60")]
    [InlineData("--probes 1")]
    [InlineData("--relative-error 0.01 --structure full --distribution gaussian --seed 18446744073709551615")]
    [InlineData("--probe-space output --matrix ggn --dtype float64")]
    [InlineData("exact")]
    public async Task A_report_follows_it(string line)
    {
        var run = await Invocation.Of([.. line.Split(' '), "--json"]);

        Assert.Equal(0, run.Code);
        Assert.Empty(JsonSchemaCheck.Problems(Schema, run.Json));
    }

    [Fact]
    public async Task A_failed_jobs_report_follows_it_too()
    {
        var factory = new FakeReplicaFactory
        {
            OnEvaluate = (first, _, _) =>
            {
                if (first == 100) throw new InvalidOperationException("the device is gone");
            },
        };

        var run = await Invocation.Of(factory, ["--json"]);

        Assert.Equal(3, run.Code);
        Assert.Empty(JsonSchemaCheck.Problems(Schema, run.Json));
    }

    [Theory]
    [InlineData("accuracy", "--seeds 3 --from 1 --to 60 --steps 7")]
    [InlineData("accuracy", "--seeds 2 --from 1 --to 2 --steps 2 --seed 18446744073709551615 --probe-space output")]
    [InlineData("compare", "--probes 60")]
    [InlineData("compare", "--probes 1")]
    public async Task Reports_of_several_jobs_follow_theirs(string command, string options)
    {
        using var folder = new TemporaryFolder();

        var run = await Invocation.Of([command, .. options.Split(' '), "--json", "--out", folder.Path]);

        Assert.Equal(0, run.Code);
        Assert.Empty(JsonSchemaCheck.Problems(JsonSchemaCheck.Read($"{command}.schema.json"), run.Json));
    }

    [Theory]
    [InlineData("accuracy")]
    [InlineData("compare")]
    public async Task Reports_of_several_jobs_that_failed_follow_theirs_too(string command)
    {
        using var folder = new TemporaryFolder();
        var factory = new FakeReplicaFactory { OnEvaluate = (_, _, _) => throw new InvalidOperationException("the device is gone") };

        var run = await Invocation.Of(factory, [command, "--json", "--out", folder.Path]);

        Assert.Equal(3, run.Code);
        Assert.Contains("the device is gone", run.Out, StringComparison.Ordinal);
        Assert.Empty(JsonSchemaCheck.Problems(JsonSchemaCheck.Read($"{command}.schema.json"), run.Json));
    }

    [Fact]
    public async Task What_does_not_follow_a_reference_is_found()
    {
        var report = JsonNode.Parse((await Invocation.Of("compare", "--json", "--probes", "60")).Out)!.AsObject();
        report["versions"]!["akka"] = 1;
        report["rows"]![0]!["vBatch"] = 0;

        string[] found = [.. JsonSchemaCheck.Problems(JsonSchemaCheck.Read("compare.schema.json"), JsonDocument.Parse(report.ToJsonString()).RootElement)];
        Assert.Equal(2, found.Length);
        Assert.StartsWith("$.rows[0].vBatch: minimum", found[0], StringComparison.Ordinal);
        Assert.StartsWith("$.versions.akka: type", found[1], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("trace", "\"much\"", "$.trace: type")]
    [InlineData("method", "\"magic\"", "$.method: enum")]
    [InlineData("probes", "1.5", "$.probes: type")]
    [InlineData("probes", "-1", "$.probes: minimum")]
    [InlineData("colour", "1", "$: additionalProperties")]
    [InlineData("seed", null, "$: required")]
    public async Task What_does_not_follow_it_is_found(string name, string? value, string problem)
    {
        var report = JsonNode.Parse((await Invocation.Of("--json", "--probes", "60")).Out)!.AsObject();
        if (value is null) report.Remove(name);
        else report[name] = JsonNode.Parse(value);

        string found = Assert.Single(JsonSchemaCheck.Problems(Schema, JsonDocument.Parse(report.ToJsonString()).RootElement));
        Assert.StartsWith(problem, found, StringComparison.Ordinal);
    }
}
