using k8s.Models;

namespace ActorHutch.Kubernetes.Tests.Manifests;

/// <summary>The pod that lends the report a shell's tools.</summary>
public sealed class ReportReaderTests
{
    [Theory]
    [MemberData(nameof(Overlay.Names), MemberType = typeof(Overlay))]
    public void It_reads_the_coordinators_volume_as_the_coordinators_user_and_is_taken_for_no_worker(string name)
    {
        var overlay = Overlay.RenderOrSkip(name);
        var coordinator = overlay.Coordinator.Template.Spec;
        var reader = ReportReader.Workload;
        var pod = reader.Template.Spec;

        Assert.Equal(overlay.The<V1PersistentVolumeClaim>().Metadata.Name, Assert.Single(pod.Volumes).PersistentVolumeClaim.ClaimName);
        Assert.True(Assert.Single(reader.Container.VolumeMounts).ReadOnlyProperty);
        Assert.Equal(coordinator.SecurityContext.RunAsUser, pod.SecurityContext.RunAsUser);
        Assert.Equal(coordinator.SecurityContext.FsGroup, pod.SecurityContext.FsGroup);
        Assert.False(pod.AutomountServiceAccountToken);
        // An image without a shell has no tar.
        Assert.NotEqual(overlay.Coordinator.Container.Image, reader.Container.Image);
        Assert.DoesNotContain(overlay.Workloads, workload => workload.Component == reader.Component);
    }
}
