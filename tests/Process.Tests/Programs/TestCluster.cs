using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace ActorHutch.Process.Tests.Programs;

/// <summary>A coordinator and its workers, on loopback; killed when it is disposed of.</summary>
internal sealed class TestCluster : IAsyncDisposable
{
    /// <summary>Long enough for something to happen to it, and in small chunks.</summary>
    public static readonly string[] Job = ["estimate", "--method", "autodiff", "--probes", "6000", "--v-batch", "20", "--json"];

    private readonly List<ProgramRun> _runs = [];

    /// <summary>The coordinator's port.</summary>
    public int Port { get; } = FreePort();

    /// <summary>Where the coordinator is found.</summary>
    public string Address => Loopback(Port);

    /// <summary>Starts a coordinator that runs <see cref="Job"/>.</summary>
    public ProgramRun Coordinator(params string[] arguments) => CoordinatorAt(Address, arguments);

    /// <summary>Starts a coordinator that listens somewhere else than where it is found.</summary>
    public ProgramRun CoordinatorAt(string listen, params string[] arguments) => Keep(ProgramRun.Start(
        "actorhutch", null, [.. Job, "--cluster", "--listen", listen, "--log-level", "information", .. arguments]));

    /// <summary>Starts a worker that joins it.</summary>
    public ProgramRun Worker(string id, params string[] arguments) => Keep(ProgramRun.Start(
        "actorhutch-worker", null, ["--seed-nodes", Address, "--device", "cpu", "--id", id, .. arguments]));

    public async ValueTask DisposeAsync()
    {
        foreach (var run in _runs) await run.DisposeAsync();
    }

    /// <summary>A port that was free a moment ago.</summary>
    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    public static string Loopback(int port) => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}");

    private ProgramRun Keep(ProgramRun run)
    {
        _runs.Add(run);
        return run;
    }
}
