using ActorHutch.Kubernetes.Tests.Images;
using k8s;
using k8s.Models;

namespace ActorHutch.Kubernetes.Tests.Manifests;

/// <summary>What is in each overlay, and that what hangs together fits.</summary>
public sealed class ManifestTests
{
    private const string App = "app.kubernetes.io/name";
    private const string Component = "app.kubernetes.io/component";

    [Theory]
    [InlineData("cpu", "Job")]
    [InlineData("gpu", "Job")]
    [InlineData("long-lived", "StatefulSet")]
    [InlineData("own-model", "Job")]
    public void Every_manifest_is_read_strictly_and_nothing_else_is_there(string name, string workers)
    {
        var overlay = Overlay.RenderOrSkip(name);

        string[] expected =
        [
            "ConfigMap", "Service", "PersistentVolumeClaim", "Job", workers, "NetworkPolicy", "PodDisruptionBudget",
        ];
        Assert.Equal(expected.Order(), overlay.Objects.Cast<IKubernetesObject>().Select(manifest => manifest.Kind).Order());
        Assert.All(overlay.Objects.Cast<IMetadata<V1ObjectMeta>>(), manifest =>
        {
            Assert.StartsWith("actorhutch", manifest.Metadata.Name, StringComparison.Ordinal);
            // Whoever applies it says where.
            Assert.Null(manifest.Metadata.NamespaceProperty);
        });
    }

    /// <summary>kustomize writes what it calls deprecated to standard error; of the API, v1 is what no version deprecates.</summary>
    [Theory]
    [MemberData(nameof(Overlay.Names), MemberType = typeof(Overlay))]
    public void Nothing_is_deprecated(string name)
    {
        var overlay = Overlay.RenderOrSkip(name);

        Assert.Equal("", Tool.Run("sh", "-c", $"kubectl kustomize k8s/overlays/{name} 2>&1 > /dev/null"));
        Assert.All(overlay.Objects.Cast<IKubernetesObject>(), manifest => Assert.Matches("^([a-z.0-9]+/)?v1$", manifest.ApiVersion));
    }

    /// <summary>A cluster may have nodes of several kinds; the image is built for one.</summary>
    [Theory]
    [MemberData(nameof(Overlay.Names), MemberType = typeof(Overlay))]
    public void Pods_are_put_on_nodes_that_the_image_is_for(string name)
    {
        Assert.Contains(" -r linux-x64 ", Assert.Single(Dockerfile.Of("build", "RUN")), StringComparison.Ordinal);
        Assert.All(Overlay.RenderOrSkip(name).Workloads, workload => Assert.Equal(
            new Dictionary<string, string> { ["kubernetes.io/arch"] = "amd64", ["kubernetes.io/os"] = "linux" },
            workload.Template.Spec.NodeSelector));
    }

    [Fact]
    public void All_overlays_are_tested() => Assert.Equal(["cpu", "gpu", "long-lived", "own-model"], Overlay.Names.Select(row => row.Data));

    [Theory]
    [InlineData("spec: {}", "spec: {clusterIp: None}")]
    [InlineData("kind: Service", "kind: Servise")]
    public void A_mistake_would_be_noticed(string right, string wrong)
    {
        const string Good = "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {}\n";
        Assert.Single(Overlay.Read(Good));
        Assert.ThrowsAny<Exception>(() => Overlay.Read(Good.Replace(right, wrong, StringComparison.Ordinal)));
    }

    [Theory]
    [MemberData(nameof(Overlay.Names), MemberType = typeof(Overlay))]
    public void The_service_names_all_pods_whether_ready_or_not(string name)
    {
        var overlay = Overlay.RenderOrSkip(name);
        var service = overlay.The<V1Service>();

        Assert.Equal("None", service.Spec.ClusterIP);
        Assert.True(service.Spec.PublishNotReadyAddresses);
        var port = Assert.Single(service.Spec.Ports);
        Assert.All(overlay.Workloads, workload =>
        {
            Assert.Equal(service.Metadata.Name, workload.Domain);
            Assert.Null(workload.Template.Spec.Hostname);
            AssertSelects(service.Spec.Selector, workload);
            Assert.Equal(port.Port, workload.Port(port.TargetPort.Value));
        });
    }

    [Theory]
    [MemberData(nameof(Overlay.Names), MemberType = typeof(Overlay))]
    public void Selectors_and_labels_agree(string name)
    {
        var overlay = Overlay.RenderOrSkip(name);

        Assert.All(overlay.Workloads, workload =>
            Assert.Equal([Component, App], workload.Template.Metadata.Labels.Keys.Order()));
        foreach (var set in overlay.All<V1StatefulSet>())
            Assert.Equal(set.Spec.Template.Metadata.Labels, set.Spec.Selector.MatchLabels);

        var budget = overlay.The<V1PodDisruptionBudget>().Spec;
        AssertSelects(budget.Selector.MatchLabels, overlay.Workers);
        Assert.Equal("worker", budget.Selector.MatchLabels[Component]);
        Assert.Equal("AlwaysAllow", budget.UnhealthyPodEvictionPolicy);
        // A Job's pods can be counted, and no share of them be told.
        if (overlay.Workers.Job is null) Assert.Equal("1", budget.MaxUnavailable.Value);
        else Assert.InRange(int.Parse(budget.MinAvailable.Value, null), 1, overlay.Workers.Pods - 1);
    }

    [Theory]
    [MemberData(nameof(Overlay.Names), MemberType = typeof(Overlay))]
    public void The_network_policy_lets_pods_talk_to_each_other_and_ask_for_names(string name)
    {
        var overlay = Overlay.RenderOrSkip(name);
        var policy = overlay.The<V1NetworkPolicy>().Spec;

        Assert.Equal(["Egress", "Ingress"], policy.PolicyTypes.Order());
        Assert.All(overlay.Workloads, workload => AssertSelects(policy.PodSelector.MatchLabels, workload));
        var from = Assert.Single(policy.Ingress);
        AssertEachOther(Assert.Single(from.FromProperty), policy);
        Assert.Equal(["cluster"], from.Ports.Select(port => port.Port.Value));
        Assert.Collection(
            policy.Egress,
            to =>
            {
                AssertEachOther(Assert.Single(to.To), policy);
                Assert.Equal(["cluster"], to.Ports.Select(port => port.Port.Value));
            },
            names => Assert.Equal(["53/TCP", "53/UDP"], names.Ports.Select(port => $"{port.Port.Value}/{port.Protocol}").Order()));
    }

    [Theory]
    [MemberData(nameof(Overlay.Names), MemberType = typeof(Overlay))]
    public void Volumes_are_mounted_and_what_they_refer_to_exists(string name)
    {
        var overlay = Overlay.RenderOrSkip(name);
        Assert.All(overlay.Workloads, workload =>
        {
            var volumes = workload.Template.Spec.Volumes;
            Assert.Equal(volumes.Select(volume => volume.Name).Order(), workload.Container.VolumeMounts.Select(mount => mount.Name).Order());
            foreach (var volume in volumes)
            {
                if (volume.ConfigMap is { } map) Assert.Equal(overlay.The<V1ConfigMap>().Metadata.Name, map.Name);
                if (volume.Secret is { } secret) Assert.Equal("actorhutch-tls", secret.SecretName);
                if (volume.PersistentVolumeClaim is { } claim)
                {
                    // A model of one's own is on a volume that is there, and filled, before.
                    string[] claims = name == "own-model" ? ["actorhutch-model", "actorhutch-state"] : ["actorhutch-state"];
                    Assert.Contains(claim.ClaimName, claims);
                    if (claim.ClaimName == "actorhutch-model") Assert.True(claim.ReadOnlyProperty);
                    else Assert.Equal(overlay.The<V1PersistentVolumeClaim>().Metadata.Name, claim.ClaimName);
                }
            }
        });
        Assert.Equal(["ReadWriteOncePod"], overlay.The<V1PersistentVolumeClaim>().Spec.AccessModes);
        Assert.DoesNotContain(overlay.Workers.Template.Spec.Volumes, volume => volume.PersistentVolumeClaim is not null);
        // Keys are in no manifest: k8s/tls-secret.sh makes them.
        Assert.Empty(overlay.All<V1Secret>());
    }

    [Theory]
    [MemberData(nameof(Overlay.Names), MemberType = typeof(Overlay))]
    public void Images_are_this_version_and_one_that_the_pages_build(string name)
    {
        var overlay = Overlay.RenderOrSkip(name);
        string pages = Repository.Read("docs/kubernetes.md") + Repository.Read("docs/gpu.md");

        Assert.All(overlay.Workloads, workload =>
        {
            string backend = name == "gpu" && workload.Component == "worker" ? "-cuda" : "";
            Assert.Equal($"actorhutch:{Repository.Version}{backend}", workload.Container.Image);
            Assert.Contains($"docker build -t {workload.Container.Image} ", pages, StringComparison.Ordinal);
        });
    }

    [Theory]
    [MemberData(nameof(Overlay.Names), MemberType = typeof(Overlay))]
    public void Probes_ask_for_what_the_programs_tell(string name) =>
        Assert.All(Overlay.RenderOrSkip(name).Workloads, workload =>
        {
            var container = workload.Container;
            Assert.Equal(("/healthz/live", "health"), Asks(container.StartupProbe));
            Assert.Equal(("/healthz/live", "health"), Asks(container.LivenessProbe));
            Assert.Equal(("/healthz/ready", "health"), Asks(container.ReadinessProbe));
            Assert.EndsWith($":{workload.Port("health")}", workload.Pod(0, "10.0.0.1").Option("--health"), StringComparison.Ordinal);
        });

    [Fact]
    public void A_gpu_for_each_worker_of_the_gpu_overlay_and_for_nobody_else()
    {
        var overlay = Overlay.RenderOrSkip("gpu");
        var workers = overlay.Workers;

        Assert.Equal("1", workers.Container.Resources.Limits["nvidia.com/gpu"].ToString());
        Assert.Equal("cuda", workers.Pod(0, "10.0.0.1").Option("--device"));
        Assert.Contains(workers.Template.Spec.Tolerations, toleration => toleration.Key == "nvidia.com/gpu");
        Assert.DoesNotContain("nvidia.com/gpu", overlay.Coordinator.Container.Resources.Limits.Keys);
        Assert.All(
            new[] { "cpu", "long-lived", "own-model" },
            other => Assert.Equal("cpu", Overlay.RenderOrSkip(other).Workers.Pod(0, "10.0.0.1").Option("--device")));
    }

    private static (string Path, string Port) Asks(V1Probe probe) => (probe.HttpGet.Path, probe.HttpGet.Port.Value);

    private static void AssertSelects(IDictionary<string, string> selector, Workload workload)
    {
        Assert.NotEmpty(selector);
        Assert.All(selector, label => Assert.Equal(label.Value, workload.Template.Metadata.Labels[label.Key]));
    }

    private static void AssertEachOther(V1NetworkPolicyPeer peer, V1NetworkPolicySpec policy)
    {
        Assert.Equal(policy.PodSelector.MatchLabels, peer.PodSelector.MatchLabels);
        Assert.Null(peer.NamespaceSelector);
        Assert.Null(peer.IpBlock);
    }
}
