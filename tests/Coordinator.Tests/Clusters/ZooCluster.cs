using System.Net;
using System.Net.Sockets;
using ActorHutch.Coordinator.CommandLine;
using ActorHutch.Coordinator.Running;
using ActorHutch.Coordinator.Scheduling;
using ActorHutch.Coordinator.Tests.CommandLine;
using ActorHutch.GpuWorker.CommandLine;
using ActorHutch.GpuWorker.Replicas;
using ActorHutch.Shared.Blobs;
using ActorHutch.Zoo;

namespace ActorHutch.Coordinator.Tests.Clusters;

/// <summary>A coordinator and two workers, which run one job after another, and the zoo's files.</summary>
/// <remarks>
/// They are the nodes that the programs are, with a cache each and connections between them; that they share a process, and live
/// as long as the tests, makes a job cheap.
/// </remarks>
public sealed class ZooCluster : IAsyncLifetime
{
    /// <summary>So that each chunk is computed by both workers, whichever is the quicker.</summary>
    private static readonly JobPolicy Policy = new() { VerifyFraction = 1 };

    private readonly CancellationTokenSource _leave = new();
    private readonly TemporaryFolder _caches = new();
    private readonly BlobStore _offered = new();
    private readonly TextWriter _log = TextWriter.Synchronized(new StringWriter());
    private readonly List<Task<int>> _workers = [];
    private ClusterSession? _session;

    /// <summary>The zoo's files, without what PyTorch finds for them.</summary>
    internal ZooAsFiles Files { get; } = new();

    public async ValueTask InitializeAsync()
    {
        string address = FreeAddress();
        foreach (string id in (string[])["a", "b"])
        {
            string[] arguments = ["--seed-nodes", address, "--device", "cpu", "--id", id, "--cache", _caches.File(id)];
            _workers.Add(new WorkerCommand(new TorchReplicaFactory(), _log, _log).RunAsync(arguments, _leave.Token));
        }

        var request = Request(["estimate", "--cluster", "--listen", address, "--min-workers", "2", "--join-timeout", "300"]);
        _session = await ClusterSession.StartAsync(
            request.Cluster!, Policy, _offered, Terminal(_log).For(request).Log, null, TestContext.Current.CancellationToken);
    }

    /// <summary>Runs a command line on the cluster.</summary>
    internal async Task<Invocation> RunAsync(string[] arguments)
    {
        using var output = new StringWriter();
        var terminal = Terminal(output);
        var request = Request(arguments).WithFiles(new BlobCache(_caches.File("coordinator")));
        using var files = request.Files!;
        Assert.Empty(request.Problems);
        foreach (var file in request.Spec.Risk.Files) _offered.AddFile(file.Path!);
        int code = await EstimateCommand.RunAsync(_session!, request, terminal.For(request), TestContext.Current.CancellationToken);
        return new Invocation(code, output.ToString(), _log.ToString()!);
    }

    public async ValueTask DisposeAsync()
    {
        if (_session is not null) await _session.DisposeAsync();
        await _leave.CancelAsync();
        int[] codes = await Task.WhenAll(_workers);
        _leave.Dispose();
        _offered.Dispose();
        _caches.Dispose();
        Files.Dispose();
        Assert.True(codes.All(code => code == 0), $"The workers ended with {string.Join(", ", codes)}.\n{_log}");
    }

    private Terminal Terminal(TextWriter output) => new(output, _log);

    private Request Request(string[] arguments)
    {
        var command = new ActorHutchCommand(Terminal(_log), new TorchReplicaFactory());
        return command.Read(command.Root.Parse(arguments));
    }

    private static string FreeAddress()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return listener.LocalEndpoint.ToString()!;
    }
}

/// <summary>The zoo without what PyTorch finds for it.</summary>
internal sealed class ZooAsFiles() : ZooFiles("--files");
