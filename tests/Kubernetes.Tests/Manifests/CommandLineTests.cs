using System.CommandLine;
using ActorHutch.Coordinator.CommandLine;
using ActorHutch.Fakes;
using ActorHutch.GpuWorker.CommandLine;
using ActorHutch.GpuWorker.Replicas;
using ActorHutch.GpuWorker.Running;
using ActorHutch.Shared.CommandLine;
using ActorHutch.Shared.Hosting;
using k8s.Models;

namespace ActorHutch.Kubernetes.Tests.Manifests;

/// <summary>The pods' arguments, read by the programs' own parsers.</summary>
public sealed class CommandLineTests(TlsSecret secret) : IDisposable
{
    private readonly ModelFiles _model = new();
    private readonly string _volumes = Directory.CreateTempSubdirectory("actorhutch-volumes-").FullName;

    public void Dispose()
    {
        Directory.Delete(_volumes, recursive: true);
        _model.Dispose();
    }

    public static TheoryData<string, string> OverlaysAndAddresses =>
        [.. from name in Overlay.Names.Select(row => row.Data) from address in new[] { "10.1.2.3", "fd00::12" } select (name, address)];

    [Theory]
    [MemberData(nameof(OverlaysAndAddresses))]
    public async Task The_coordinators_are_right_and_so_is_the_job_file(string name, string address)
    {
        var pod = Overlay.RenderOrSkip(name).Coordinator.Pod(0, address);

        using var output = new StringWriter();
        using var error = new StringWriter();
        int code = await new ActorHutchCommand(new Terminal(output, error), new TorchReplicaFactory())
            .RunAsync([.. Arguments(pod, Overlay.RenderOrSkip(name)), "--print-job"], TestContext.Current.CancellationToken);

        Assert.Equal(("", 0), (error.ToString(), code));
        Assert.Equal("/app/actorhutch", pod.Command[0]);
        AssertPlace(pod);
    }

    [Theory]
    [MemberData(nameof(OverlaysAndAddresses))]
    public void The_workers_are_right_and_name_the_coordinator(string name, string address)
    {
        var overlay = Overlay.RenderOrSkip(name);
        var coordinator = overlay.Coordinator.Pod(0, "10.0.0.1");
        for (int index = 0; index < overlay.Workers.Pods; index++)
        {
            var pod = overlay.Workers.Pod(index, address);
            var options = new OptionTable<WorkerRequest>(WorkerOptions.All);
            var root = new RootCommand();
            foreach (var option in options.Of("actorhutch-worker")) root.Add(option);
            var request = WorkerRequest.Read(root.Parse(Arguments(pod, overlay)), options);

            Assert.Empty(request.Problems);
            Assert.Equal("/app/actorhutch-worker", pod.Command[0]);
            // What a pod is called is what its worker is called in the report.
            Assert.Equal(pod.Host, request.Id);
            Assert.Equal([coordinator.Option("--advertise")], request.Cluster.SeedNodes.Select(seed => seed.ToString()));
            Assert.Equal(overlay.Workers.Job is not null, request.UntilJobDone);
            AssertPlace(pod);
        }
    }

    /// <summary>It listens on the pod's own address, of whatever family, and is found by the pod's name.</summary>
    private static void AssertPlace(Pod pod)
    {
        int port = pod.Workload.Port("cluster");
        Assert.True(HostPort.TryParse(pod.Option("--listen"), out var listen));
        Assert.Equal(new HostPort(pod.Address, port), listen);
        Assert.Equal(new HostPort(pod.DomainName, port).ToString(), pod.Option("--advertise"));
        Assert.True(HostPort.TryParse(pod.Option("--health"), out var health));
        Assert.Equal(pod.Address, health.Host);
    }

    /// <summary>The arguments, with what is mounted in a folder of this test.</summary>
    private string[] Arguments(Pod pod, Overlay overlay)
    {
        string[] arguments = [.. pod.Command.Skip(1)];
        foreach (var mount in pod.Workload.Container.VolumeMounts.Where(mount => mount.MountPath != "/tmp"))
        {
            string folder = _volumes + mount.MountPath;
            Directory.CreateDirectory(folder);
            var volume = pod.Workload.Template.Spec.Volumes.Single(volume => volume.Name == mount.Name);
            if (volume.ConfigMap is not null)
            {
                Volumes.Fill(folder, overlay.The<V1ConfigMap>());
                // What stands in the job file, too, is where the pod has it.
                string job = Path.Combine(folder, "job.json");
                File.WriteAllText(job, File.ReadAllText(job).Replace(": \"/", $": \"{_volumes}/", StringComparison.Ordinal));
            }

            if (volume.PersistentVolumeClaim?.ClaimName == "actorhutch-model") _model.CopyTo(folder);
            if (volume.Secret is not null) Volumes.Fill(folder, secret.MakeOrSkip());
            arguments = [.. arguments.Select(word => word.Replace("=" + mount.MountPath, "=" + folder, StringComparison.Ordinal))];
        }

        return arguments;
    }
}
