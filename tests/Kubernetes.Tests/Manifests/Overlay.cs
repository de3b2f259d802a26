using System.Collections.Concurrent;
using k8s;
using k8s.Models;

namespace ActorHutch.Kubernetes.Tests.Manifests;

/// <summary>An overlay as <c>kubectl apply -k</c> would send it.</summary>
internal sealed class Overlay
{
    private static readonly ConcurrentDictionary<string, Overlay> Rendered = [];

    private Overlay(IReadOnlyList<object> objects) => Objects = objects;

    /// <summary>Every overlay there is.</summary>
    public static TheoryData<string> Names { get; } =
        [.. Directory.GetDirectories(Repository.PathOf("k8s/overlays")).Select(path => Path.GetFileName(path)).Order()];

    /// <summary>Its manifests.</summary>
    public IReadOnlyList<object> Objects { get; }

    /// <summary>Those whose pods it describes.</summary>
    public IReadOnlyList<Workload> Workloads =>
    [
        .. All<V1Job>().Select(Workload.Of),
        .. All<V1StatefulSet>().Select(Workload.Of),
    ];

    /// <summary>The coordinator's Job.</summary>
    public Workload Coordinator => Workloads.Single(workload => workload.Component == "coordinator");

    /// <summary>The workers' Job or StatefulSet.</summary>
    public Workload Workers => Workloads.Single(workload => workload.Component == "worker");

    /// <summary>Those of one kind.</summary>
    public IEnumerable<T> All<T>() => Objects.OfType<T>();

    /// <summary>The one of a kind.</summary>
    public T The<T>() => All<T>().Single();

    /// <summary>Renders it, or skips the test where that cannot be done.</summary>
    public static Overlay RenderOrSkip(string name)
    {
        Kubectl.NeedOrSkip();
        return Rendered.GetOrAdd(name, name => RenderFolder(Repository.PathOf($"k8s/overlays/{name}")));
    }

    /// <summary>Renders a copy of an overlay that something is changed in, or skips the test where that cannot be done.</summary>
    /// <param name="name">The overlay.</param>
    /// <param name="change">Changes it, given its folder in a copy of all manifests.</param>
    public static Overlay RenderChangedOrSkip(string name, Action<string> change)
    {
        Kubectl.NeedOrSkip();
        string folder = Directory.CreateTempSubdirectory("actorhutch-manifests-").FullName;
        try
        {
            Tool.Run("cp", "-r", Repository.PathOf("k8s"), folder);
            string overlay = Path.Combine(folder, "k8s", "overlays", name);
            change(overlay);
            return RenderFolder(overlay);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>Reads manifests. A field that Kubernetes does not know fails, as does a kind.</summary>
    public static IReadOnlyList<object> Read(string yaml) => KubernetesYaml.LoadAllFromString(yaml, MonitoringKinds.All, strict: true);

    private static Overlay RenderFolder(string folder) => new(Read(Tool.Run("kubectl", "kustomize", folder)));
}
