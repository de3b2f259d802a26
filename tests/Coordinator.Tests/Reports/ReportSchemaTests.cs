using System.Text.Json;
using System.Text.Json.Nodes;
using ActorHutch.Coordinator.Tests.CommandLine;
using ActorHutch.Fakes;

namespace ActorHutch.Coordinator.Tests.Reports;

/// <summary>docs/report.schema.json describes every report there is.</summary>
public class ReportSchemaTests
{
    private static readonly JsonElement Schema =
        JsonDocument.Parse(File.ReadAllText(Repository.File("docs/report.schema.json"))).RootElement;

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
