using k8s.Models;

namespace ActorHutch.Kubernetes.Tests.Manifests;

/// <summary>What <c>k8s/components/monitoring</c> adds to each overlay.</summary>
public sealed class MonitoringTests
{
    [Theory]
    [MemberData(nameof(Overlay.Names), MemberType = typeof(Overlay))]
    public void It_adds_three_manifests_and_an_argument_of_each_pods_and_nothing_else(string name)
    {
        var (plain, monitored) = (Overlay.RenderOrSkip(name), Monitored.OrSkip(name));

        Assert.Single(monitored.All<PodMonitor>());
        Assert.Single(monitored.All<PrometheusRule>());
        Assert.Equal(["actorhutch", "actorhutch-metrics"], monitored.All<V1NetworkPolicy>().Select(policy => policy.Metadata.Name).Order());
        Assert.Equal(plain.Objects.Count + 3, monitored.Objects.Count);
        foreach (var (before, after) in new[] { (plain.Coordinator, monitored.Coordinator), (plain.Workers, monitored.Workers) })
            Assert.Equal([.. before.Container.Args, "--expose-metrics"], after.Container.Args);
    }

    [Theory]
    [MemberData(nameof(Overlay.Names), MemberType = typeof(Overlay))]
    public void Prometheus_collects_from_all_pods_and_is_let_at_that_port_alone(string name)
    {
        var overlay = Monitored.OrSkip(name);
        var monitor = overlay.The<PodMonitor>().Spec;
        var endpoint = Assert.Single(monitor.PodMetricsEndpoints);
        var policy = overlay.All<V1NetworkPolicy>().Single(policy => policy.Metadata.Name == "actorhutch-metrics").Spec;

        Assert.Equal("/metrics", endpoint.Path);
        Assert.All(overlay.Workloads, workload =>
        {
            string health = workload.Pod(0, "10.0.0.1").Option("--health")!;
            Assert.EndsWith($":{workload.Port(endpoint.Port)}", health, StringComparison.Ordinal);
            foreach (var selector in new[] { monitor.Selector, policy.PodSelector })
                Assert.All(selector.MatchLabels, label => Assert.Equal(label.Value, workload.Template.Metadata.Labels[label.Key]));
        });
        Assert.Equal(["Ingress"], policy.PolicyTypes);
        var from = Assert.Single(policy.Ingress);
        Assert.Equal([endpoint.Port], from.Ports.Select(port => port.Port.Value));
        var peer = Assert.Single(from.FromProperty);
        Assert.NotEmpty(peer.NamespaceSelector.MatchLabels);
        Assert.NotEmpty(peer.PodSelector.MatchLabels);
    }
}
