using System.Globalization;
using k8s.Models;

namespace ActorHutch.Kubernetes.Tests.Manifests;

/// <summary>Pods that have numbers: an Indexed Job's or a StatefulSet's.</summary>
/// <param name="Name">Its name; the pods' host names are it and a number.</param>
/// <param name="Pods">How many.</param>
/// <param name="Domain">The Service that gives the pods their names.</param>
/// <param name="Template">A pod.</param>
/// <param name="Job">The Job; null for a StatefulSet or a pod.</param>
internal sealed record Workload(string Name, int Pods, string? Domain, V1PodTemplateSpec Template, V1Job? Job)
{
    /// <summary>What the pods are.</summary>
    public string Component => Template.Metadata.Labels["app.kubernetes.io/component"];

    /// <summary>A pod's only container.</summary>
    public V1Container Container => Template.Spec.Containers.Single();

    /// <summary>A record would write all of the template into a failed test's message.</summary>
    public override string ToString() => Name;

    public static Workload Of(V1Job job) =>
        new(job.Metadata.Name, job.Spec.Completions!.Value, job.Spec.Template.Spec.Subdomain, job.Spec.Template, job);

    public static Workload Of(V1StatefulSet set) =>
        new(set.Metadata.Name, set.Spec.Replicas!.Value, set.Spec.ServiceName, set.Spec.Template, null);

    /// <summary>A pod that stands alone.</summary>
    public static Workload Of(V1Pod pod) =>
        new(pod.Metadata.Name, 1, null, new V1PodTemplateSpec { Metadata = pod.Metadata, Spec = pod.Spec }, null);

    /// <summary>A pod as a kubelet would start it.</summary>
    /// <param name="index">Its number.</param>
    /// <param name="address">Its address.</param>
    public Pod Pod(int index, string address)
    {
        string host = string.Create(CultureInfo.InvariantCulture, $"{Name}-{index}");
        // A Job's pods have host names that last and object names that do not.
        return new Pod(host, Job is null ? host : $"{host}-x7k2q", index, address, this);
    }

    /// <summary>The Job as the API server tells it: its pods have a label that the server chose.</summary>
    public V1Job AsRunning() => new()
    {
        ApiVersion = "batch/v1",
        Kind = "Job",
        Metadata = new V1ObjectMeta { Name = Name, NamespaceProperty = "default" },
        Spec = new V1JobSpec { Selector = new V1LabelSelector { MatchLabels = Controlled() }, Template = Template },
    };

    /// <summary>A pod as the API server tells it.</summary>
    /// <param name="name">Its own name.</param>
    public V1Pod AsRunning(string name) => new()
    {
        ApiVersion = "v1",
        Kind = "Pod",
        Metadata = new V1ObjectMeta
        {
            Name = name,
            NamespaceProperty = "default",
            Labels = Template.Metadata.Labels.Concat(Controlled()).ToDictionary(),
        },
        Spec = Template.Spec,
        Status = new V1PodStatus { Phase = "Running", Conditions = [new V1PodCondition { Type = "Ready", Status = "True" }] },
    };

    /// <summary>What the port of a name is.</summary>
    public int Port(string name) => Container.Ports.Single(port => port.Name == name).ContainerPort;

    private Dictionary<string, string> Controlled() => new() { ["batch.kubernetes.io/controller-uid"] = Name };
}
