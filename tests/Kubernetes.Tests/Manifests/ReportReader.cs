using k8s.Models;

namespace ActorHutch.Kubernetes.Tests.Manifests;

/// <summary>The pod that the report is copied from.</summary>
internal static class ReportReader
{
    /// <summary>Where it stands.</summary>
    public const string File = "k8s/report-reader.yaml";

    /// <summary>It, for itself.</summary>
    public static V1Pod Pod => Assert.IsType<V1Pod>(Assert.Single(Overlay.Read(Repository.Read(File))));

    /// <summary>It, as others' pods are looked at.</summary>
    public static Workload Workload => Workload.Of(Pod);
}
