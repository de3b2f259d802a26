using System.Globalization;
using ActorHutch.Kubernetes.Tests.Images;
using ActorHutch.Kubernetes.Tests.Manifests;
using k8s.Models;

namespace ActorHutch.Kubernetes.Tests.Pods;

/// <summary>
/// Starts an overlay's pods as Kubernetes would: each on a host of its own, under its name, with its volumes. The names
/// are in every pod's hosts file, which is what a headless Service comes to.
/// </summary>
internal sealed class Node : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("actorhutch-node-").FullName;
    private readonly Dictionary<string, string> _names = [];
    private readonly List<string> _namespaces = [];
    private readonly Dictionary<ProgramRun, int> _runs = [];
    private readonly Overlay _overlay;
    private readonly TlsSecret _secret;
    private readonly Hosts _hosts;
    private int? _elsewhere;

    private Node(Overlay overlay, TlsSecret secret, Hosts hosts) => (_overlay, _secret, _hosts) = (overlay, secret, hosts);

    /// <summary>The file that all pods look names up in; a pod that is started again is at another address.</summary>
    private string NamesFile => Path.Combine(_folder, "hosts");

    /// <summary>Makes a node for an overlay, or skips the test where that cannot be done.</summary>
    public static Node MakeOrSkip(Overlay overlay, TlsSecret secret, Subnet subnet)
    {
        Container.NeedOrSkip();
        Tool.NeedOrSkip("ip");
        secret.MakeOrSkip();
        return new Node(overlay, secret, Hosts.MakeOrSkip(subnet, 0));
    }

    /// <summary>Where a volume that outlives its pods is.</summary>
    public string Claim(string name) => Path.Combine(_folder, "claims", name);

    /// <summary>Deletes a volume that outlives its pods, with all that is in it.</summary>
    public void Forget(string name) => Directory.Delete(Claim(name), recursive: true);

    /// <summary>Starts a pod, as itself or in place of an earlier one.</summary>
    public ProgramRun Start(Workload workload, int index = 0)
    {
        int host = _hosts.Add();
        var pod = workload.Pod(index, _hosts.Address(host));
        _names[pod.DomainName] = pod.Address;
        File.WriteAllLines(NamesFile, _names.Select(entry => $"{entry.Value} {entry.Key}"));
        Give(_hosts.Name(host));

        string home = Directory.CreateDirectory(
            Path.Combine(_folder, string.Create(CultureInfo.InvariantCulture, $"{pod.Host}@{host}"))).FullName;
        string root = Directory.CreateDirectory(Path.Combine(home, "root")).FullName;
        long user = workload.Template.Spec.SecurityContext.RunAsUser!.Value;
        var run = ProgramRun.StartOn(
            _hosts.Name(host),
            Container.Start(
                root, "/", pod.Host, user.ToString(CultureInfo.InvariantCulture),
                [
                    .. workload.Container.VolumeMounts.Select(mount => Mount(workload, mount, home)),
                    $"{Path.GetDirectoryName(ProgramRun.PathOf("actorhutch"))}:/app:ro",
                ],
                [
                    .. Dockerfile.Environment,
                    .. DotNetRoot(),
                    .. pod.Environment.Select(variable => $"{variable.Key}={variable.Value}"),
                ],
                pod.Command));
        _runs.Add(run, host);
        return run;
    }

    /// <summary>What a pod answers to an HTTP request that comes from within it, as <c>kubectl port-forward</c>'s do.</summary>
    /// <exception cref="InvalidOperationException">It does not answer, or with an error.</exception>
    public string AskWithin(ProgramRun pod, string address) => Ask(_runs[pod], address);

    /// <summary>What a pod answers to an HTTP request from another host.</summary>
    /// <param name="pod">The pod.</param>
    /// <param name="portAndPath">Such as <c>8080/metrics</c>.</param>
    /// <exception cref="InvalidOperationException">It does not answer, or with an error.</exception>
    public string AskFromElsewhere(ProgramRun pod, string portAndPath)
    {
        string address = _hosts.Address(_runs[pod]);
        _elsewhere ??= _hosts.Add();
        return Ask(_elsewhere.Value, address.Contains(':', StringComparison.Ordinal) ? $"[{address}]:{portAndPath}" : $"{address}:{portAndPath}");
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var run in _runs.Keys) await run.DisposeAsync();
        _hosts.Dispose();
        foreach (string name in _namespaces) Directory.Delete($"/etc/netns/{name}", recursive: true);
        Directory.Delete(_folder, recursive: true);
    }

    private string Ask(int host, string address) => Tool.Run(
        "ip", "netns", "exec", _hosts.Name(host), "curl", "--silent", "--show-error", "--globoff", "--fail", "--max-time", "10", $"http://{address}");

    /// <summary>Other than the image, what is built here uses the .NET of this machine, wherever that is.</summary>
    private static IEnumerable<string> DotNetRoot() =>
        Environment.GetEnvironmentVariable("DOTNET_ROOT") is { Length: > 0 } root ? [$"DOTNET_ROOT={root}"] : [];

    /// <summary>Puts the names where ip looks for a namespace's own files.</summary>
    private void Give(string name)
    {
        string etc = Directory.CreateDirectory($"/etc/netns/{name}").FullName;
        _namespaces.Add(name);
        File.CreateSymbolicLink(Path.Combine(etc, "hosts"), NamesFile);
        File.WriteAllText(Path.Combine(etc, "resolv.conf"), "options timeout:1 attempts:1\n");
    }

    /// <summary>Fills a volume, gives it to the pod's group, and says where it is to be mounted.</summary>
    private string Mount(Workload workload, V1VolumeMount mount, string home)
    {
        var volume = workload.Template.Spec.Volumes.Single(volume => volume.Name == mount.Name);
        string folder = volume.PersistentVolumeClaim is { } claim ? Claim(claim.ClaimName) : Path.Combine(home, volume.Name);
        Directory.CreateDirectory(folder);
        if (volume.ConfigMap is not null) Volumes.Fill(folder, _overlay.The<V1ConfigMap>());
        if (volume.Secret is not null) Volumes.Fill(folder, _secret.MakeOrSkip());
        bool readOnly = mount.ReadOnlyProperty ?? false;
        string group = workload.Template.Spec.SecurityContext.FsGroup!.Value.ToString(CultureInfo.InvariantCulture);
        Tool.Run("chgrp", "-R", group, folder);
        string mode = volume.Secret?.DefaultMode is { } octal ? Convert.ToString(octal, 8) : "660";
        foreach (string file in Directory.GetFiles(folder)) Tool.Run("chmod", mode, file);
        Tool.Run("chmod", "2770", folder);
        return $"{folder}:{mount.MountPath}:{(readOnly ? "ro" : "rw")}";
    }
}
