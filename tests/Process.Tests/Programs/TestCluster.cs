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
    public ProgramRun CoordinatorAt(string listen, params string[] arguments) => CoordinatorOf(listen, [.. Job, .. arguments]);

    /// <summary>Starts a coordinator that runs another job.</summary>
    public ProgramRun CoordinatorOf(string[] job) => CoordinatorOf(Address, job);

    private ProgramRun CoordinatorOf(string listen, string[] job) => Keep(ProgramRun.Start(
        "actorhutch", null, [.. job, "--cluster", "--listen", listen, "--log-level", "information"]));

    /// <summary>Starts a worker that joins it.</summary>
    public ProgramRun Worker(string id, params string[] arguments) => Keep(ProgramRun.Start(
        "actorhutch-worker", null, ["--seed-nodes", Address, "--device", "cpu", "--id", id, .. arguments]));

    public async ValueTask DisposeAsync()
    {
        foreach (var run in _runs) await run.DisposeAsync();
    }

    /// <summary>
    /// A port that was free a moment ago, and none that a system gives away by itself: whoever tries to connect to such a one
    /// again and again is given it in the end, is connected with itself, and nobody can listen on it.
    /// </summary>
    public static int FreePort()
    {
        while (true)
        {
            int port = Random.Shared.Next(10_000, 32_000);
            using var listener = new TcpListener(IPAddress.Loopback, port);
            try
            {
                listener.Start();
                return port;
            }
            catch (SocketException error) when (error.SocketErrorCode == SocketError.AddressAlreadyInUse)
            {
                // Another, then.
            }
        }
    }

    public static string Loopback(int port) => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}");

    private ProgramRun Keep(ProgramRun run)
    {
        _runs.Add(run);
        return run;
    }
}
