using System.Globalization;
using System.Text.RegularExpressions;
using ActorHutch.Kubernetes.Tests.Manifests;
using ActorHutch.Metrics;

namespace ActorHutch.Kubernetes.Tests.Pods;

/// <summary>What is told of a job that runs: its dashboard and its metrics. Needs what <see cref="PodTests"/> do, and curl.</summary>
public sealed partial class WatchedPodTests(TlsSecret secret)
{
    private static readonly Subnet Ipv4 = new("aw", "10.213.79.", 24);
    private static readonly Subnet Ipv6 = new("aw", "fd00:213:79::", 64);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_dashboard_is_reached_by_port_forward_alone_and_metrics_by_nobody(bool ipv6Only)
    {
        Tool.NeedOrSkip("curl");
        var overlay = Overlay.RenderOrSkip("cpu");
        await using var node = Node.MakeOrSkip(overlay, secret, ipv6Only ? Ipv6 : Ipv4);
        // The command that the page has.
        var forward = PortForward().Match(Repository.Read("docs/kubernetes.md"));
        Assert.Equal(overlay.Coordinator.Name, forward.Groups["job"].Value);
        string port = forward.Groups["port"].Value;

        var coordinator = node.Start(overlay.Coordinator);
        await coordinator.LogsAsync($"The dashboard is at http://127.0.0.1:{port}/");

        Assert.Contains("<title>", node.AskWithin(coordinator, $"127.0.0.1:{port}/"), StringComparison.Ordinal);
        Assert.ThrowsAny<InvalidOperationException>(() => node.AskFromElsewhere(coordinator, $"{port}/"));
        string health = overlay.Coordinator.Port("health").ToString(CultureInfo.InvariantCulture);
        Assert.Equal("live\n", await AnswerAsync(() => node.AskFromElsewhere(coordinator, $"{health}/healthz/live")));
        var refused = Assert.ThrowsAny<InvalidOperationException>(() => node.AskFromElsewhere(coordinator, $"{health}/metrics"));
        Assert.Contains("403", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task With_the_component_for_monitoring_prometheus_gets_every_metric_that_the_alerts_name(bool ipv6Only)
    {
        Tool.NeedOrSkip("curl");
        var overlay = Monitored.OrSkip("cpu");
        await using var node = Node.MakeOrSkip(overlay, secret, ipv6Only ? Ipv6 : Ipv4);
        var endpoint = Assert.Single(overlay.The<PodMonitor>().Spec.PodMetricsEndpoints);

        var worker = node.Start(overlay.Workers);
        var coordinator = node.Start(overlay.Coordinator);
        await coordinator.LogsAsync("probes done");
        var told = Collect(overlay.Coordinator, coordinator);
        var computed = Collect(overlay.Workers, worker);

        Assert.True(computed["""actorhutch_worker_probes_total{worker="actorhutch-worker-0"}"""] > 0);
        var rules = Assert.Single(overlay.The<PrometheusRule>().Spec.Groups).Rules;
        Assert.All(rules, rule =>
        {
            var names = MetricName().Matches(rule.Expr).Select(match => match.Value).ToList();
            Assert.NotEmpty(names);
            // All are the coordinator's.
            Assert.All(names, name => Assert.Contains(told.Keys, sample => sample.Split('{')[0] == name));
            var states = States().Match(rule.Expr);
            if (states.Success)
                Assert.All(states.Groups[1].Value.Split('|'), state => Assert.Contains($$"""actorhutch_workers{state="{{state}}"}""", told.Keys));
        });

        Dictionary<string, double> Collect(Workload workload, ProgramRun pod) => PrometheusText.Read(
            node.AskFromElsewhere(pod, string.Create(CultureInfo.InvariantCulture, $"{workload.Port(endpoint.Port)}{endpoint.Path}")));
    }

    /// <summary>Asks until there is an answer: a pod that was started is not there at once.</summary>
    private static async Task<string> AnswerAsync(Func<string> ask)
    {
        for (int tries = 1; ; tries++)
        {
            try
            {
                return ask();
            }
            catch (InvalidOperationException) when (tries < 100)
            {
                await Task.Delay(200, TestContext.Current.CancellationToken);
            }
        }
    }

    [GeneratedRegex("^    kubectl port-forward job/(?<job>[a-z-]+) (?<port>[0-9]+)$", RegexOptions.Multiline)]
    private static partial Regex PortForward();

    [GeneratedRegex(@"\bactorhutch_[a-z_]+")]
    private static partial Regex MetricName();

    [GeneratedRegex("state=~\"([a-z|]+)\"")]
    private static partial Regex States();
}
