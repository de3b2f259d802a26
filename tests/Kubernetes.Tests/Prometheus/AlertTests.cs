using System.Text.Json;
using ActorHutch.Kubernetes.Tests.Manifests;

namespace ActorHutch.Kubernetes.Tests.Prometheus;

/// <summary>The alerts, evaluated by Prometheus on series that are made up. Needs promtool or Debian's packages.</summary>
public sealed class AlertTests(Promtool promtool)
{
    private const string Completed = "actorhutch_chunks_completed_total{namespace=\"a\", pod=\"actorhutch-coordinator-0-x\"}";
    private const string Left = "actorhutch_chunks_left{namespace=\"a\", pod=\"actorhutch-coordinator-0-x\"}";
    private const string Failed = "actorhutch_chunks_failed_total{namespace=\"a\", pod=\"actorhutch-coordinator-0-x\"}";
    private const string Computing = "actorhutch_workers{namespace=\"a\", state=\"computing\"}";
    private const string Joining = "actorhutch_workers{namespace=\"a\", state=\"joining\"}";

    [Fact]
    public void Prometheus_reads_the_rules() =>
        Assert.Contains(
            $"SUCCESS: {Rules.Count} rules found", promtool.Run(Files("{}"), "check", "rules", "rules.yaml"), StringComparison.Ordinal);

    [Theory]
    // A value a minute; +0x60 is the same for an hour.
    [InlineData("ActorHutchNoChunkFinished", true, Completed, "7+0x60", Left, "3+0x60")]
    [InlineData("ActorHutchNoChunkFinished", false, Completed, "7+1x60", Left, "90-1x60")]
    // Done: what is left is nothing.
    [InlineData("ActorHutchNoChunkFinished", false, Completed, "7+0x60", Left, "0+0x60")]
    // The coordinator has ended with chunks left, because its relative error was reached.
    [InlineData("ActorHutchNoChunkFinished", false, Completed, "7+1x20 stale", Left, "90-1x20 stale")]
    // Another namespace's job does not help.
    [InlineData("ActorHutchNoChunkFinished", true, Completed, "7+0x60", Left, "3+0x60",
        "actorhutch_chunks_completed_total{namespace=\"b\"}", "7+1x60")]
    [InlineData("ActorHutchWorkersIdle", true, Up0, "1+0x60", Up1, "0+0x60", Computing, "1+0x60")]
    [InlineData("ActorHutchWorkersIdle", true, Up0, "1+0x60", Up1, "1+0x60", Computing, "1+0x60", Joining, "1+0x60")]
    [InlineData("ActorHutchWorkersIdle", false, Up0, "1+0x60", Up1, "1+0x60", Computing, "2+0x60")]
    // Long-lived workers between two jobs.
    [InlineData("ActorHutchWorkersIdle", false, Up0, "1+0x60", Up1, "1+0x60")]
    [InlineData("ActorHutchChunksFail", true, Failed, "0+0x55 1 1 1 1 1")]
    [InlineData("ActorHutchChunksFail", false, Failed, "0 0 1+0x58")]
    public void An_alert_fires_when_it_should_and_not_else(string alert, bool fires, params string[] series)
    {
        // JSON is YAML.
        string test = JsonSerializer.Serialize(new
        {
            rule_files = new[] { "rules.yaml" },
            tests = new[]
            {
                new
                {
                    interval = "1m",
                    input_series = series.Chunk(2).Select(pair => new { series = pair[0], values = pair[1] }),
                    // Just that it fires; the texts are looked at below.
                    promql_expr_test = new[]
                    {
                        new
                        {
                            expr = $"count(ALERTS{{alertname=\"{alert}\", alertstate=\"firing\", namespace=\"a\", severity=\"warning\"}})",
                            eval_time = "59m",
                            exp_samples = fires ? new[] { new { labels = "{}", value = 1 } } : [],
                        },
                    },
                },
            },
        });

        Assert.Contains("SUCCESS", promtool.Run(Files(test), "test", "rules", "test.yaml"), StringComparison.Ordinal);
    }

    [Fact]
    public void Each_alert_says_what_is_wrong_and_what_is_to_be_looked_at() => Assert.All(Rules, rule =>
    {
        Assert.Equal(["description", "summary"], rule.Annotations.Keys.Order());
        Assert.Contains("{{ $labels.namespace }}", rule.Annotations["summary"], StringComparison.Ordinal);
        Assert.Contains("log", rule.Annotations["description"], StringComparison.Ordinal);
    });

    private const string Up0 = "up{namespace=\"a\", job=\"a/actorhutch\", container=\"worker\", pod=\"actorhutch-worker-0-x\"}";
    private const string Up1 = "up{namespace=\"a\", job=\"a/actorhutch\", container=\"worker\", pod=\"actorhutch-worker-1-y\"}";

    private static IList<AlertingRule> Rules => Assert.Single(Monitored.OrSkip("cpu").The<PrometheusRule>().Spec.Groups).Rules;

    /// <summary>The rules as a file of Prometheus' own, and a test of them.</summary>
    private static Dictionary<string, string> Files(string test) => new()
    {
        ["test.yaml"] = test,
        ["rules.yaml"] = JsonSerializer.Serialize(new
        {
            groups = new[]
            {
                new
                {
                    name = "actorhutch",
                    rules = Rules.Select(rule => new
                    {
                        alert = rule.Alert, expr = rule.Expr, @for = rule.For ?? "0s", labels = rule.Labels, annotations = rule.Annotations,
                    }),
                },
            },
        }),
    };
}
