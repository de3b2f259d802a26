using k8s.Models;

namespace ActorHutch.Kubernetes.Tests.Manifests;

/// <summary>The pods against the <i>restricted</i> pod security standard, rule by rule, and a little more.</summary>
public sealed class SecurityTests
{
    [Theory]
    [MemberData(nameof(Overlay.Names), MemberType = typeof(Overlay))]
    public void Pods_pass_the_restricted_standard(string name)
    {
        foreach (var workload in Overlay.RenderOrSkip(name).Workloads.Append(ReportReader.Workload))
        {
            var pod = workload.Template.Spec;
            Assert.False(pod.HostNetwork ?? false);
            Assert.False(pod.HostPID ?? false);
            Assert.False(pod.HostIPC ?? false);
            Assert.Null(pod.InitContainers);
            Assert.True(pod.SecurityContext.RunAsNonRoot);
            Assert.NotEqual(0, pod.SecurityContext.RunAsUser);
            Assert.Equal("RuntimeDefault", pod.SecurityContext.SeccompProfile.Type);
            Assert.Null(pod.SecurityContext.Sysctls);
            Assert.Null(pod.SecurityContext.SeLinuxOptions);
            Assert.All(pod.Volumes, volume => Assert.True(
                volume is { ConfigMap: not null } or { Secret: not null } or { PersistentVolumeClaim: not null } or { EmptyDir: not null }));

            var container = workload.Container;
            Assert.False(container.SecurityContext.AllowPrivilegeEscalation);
            Assert.NotEqual(true, container.SecurityContext.Privileged);
            Assert.Equal(["ALL"], container.SecurityContext.Capabilities.Drop);
            Assert.Null(container.SecurityContext.Capabilities.Add);
            Assert.Null(container.SecurityContext.RunAsUser);
            Assert.Null(container.SecurityContext.RunAsNonRoot);
            Assert.All(container.Ports ?? [], port => Assert.Null(port.HostPort));
        }
    }

    [Theory]
    [MemberData(nameof(Overlay.Names), MemberType = typeof(Overlay))]
    public void Pods_write_to_volumes_alone_and_cannot_ask_kubernetes_for_anything(string name) =>
        Assert.All(Overlay.RenderOrSkip(name).Workloads, workload =>
        {
            Assert.True(workload.Container.SecurityContext.ReadOnlyRootFilesystem);
            Assert.False(workload.Template.Spec.AutomountServiceAccountToken);
            Assert.Null(workload.Template.Spec.ServiceAccountName);
            Assert.Contains(workload.Container.VolumeMounts, mount => mount.MountPath == "/tmp");
            Assert.All(workload.Template.Spec.Volumes.Where(volume => volume.EmptyDir is not null),
                volume => Assert.NotNull(volume.EmptyDir.SizeLimit));
        });

    [Theory]
    [MemberData(nameof(Overlay.Names), MemberType = typeof(Overlay))]
    public void Keys_can_be_read_by_the_pods_group_alone(string name) =>
        Assert.All(Overlay.RenderOrSkip(name).Workloads, workload =>
        {
            var pod = workload.Template.Spec;
            var secret = pod.Volumes.Single(volume => volume.Secret is not null).Secret;
            Assert.Equal("440", Convert.ToString(secret.DefaultMode!.Value, 8));
            Assert.Equal(pod.SecurityContext.RunAsGroup, pod.SecurityContext.FsGroup);
        });

    [Theory]
    [MemberData(nameof(Overlay.Names), MemberType = typeof(Overlay))]
    public void Resources_are_asked_for_and_memory_is_bounded(string name) =>
        Assert.All(Overlay.RenderOrSkip(name).Workloads, workload =>
        {
            var resources = workload.Container.Resources;
            Assert.True(resources.Requests.ContainsKey("cpu"));
            Assert.True(resources.Requests["memory"].ToDecimal() <= resources.Limits["memory"].ToDecimal());
            // A throttled CPU misses heartbeats.
            Assert.False(resources.Limits.ContainsKey("cpu"));
        });
}
