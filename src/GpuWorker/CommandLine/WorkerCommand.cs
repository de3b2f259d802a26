using System.CommandLine;
using ActorHutch.Curvature;
using ActorHutch.GpuWorker.Replicas;
using ActorHutch.GpuWorker.Running;
using ActorHutch.Shared.CommandLine;
using ActorHutch.Shared.CommandLine.Help;
using ActorHutch.Shared.Hosting;
using Serilog.Events;

namespace ActorHutch.GpuWorker.CommandLine;

/// <summary>The program <c>actorhutch-worker</c>: how a command line becomes an exit code.</summary>
internal sealed class WorkerCommand
{
    private readonly OptionTable<WorkerRequest> _options = new(WorkerOptions.All);
    private readonly IReplicaFactory _replicas;
    private readonly TextWriter _output;
    private readonly TextWriter _error;
    private readonly RootCommand _root;

    /// <summary>Two command lines that work.</summary>
    public static IReadOnlyList<Example> Examples { get; } =
    [
        new("actorhutch-worker --seed-nodes 127.0.0.1:4053", "Works for a coordinator on this machine"),
        new(
            "actorhutch-worker --seed-nodes node-0:4053 --device cuda --until-job-done",
            "Works on every GPU for a coordinator elsewhere, and leaves when its job is done"),
    ];

    /// <summary>Where more is to be read.</summary>
    public const string Documents = "In the repository: docs/cluster.md for addresses and failures, docs/security.md for certificates, docs/kubernetes.md.";

    /// <summary>The program's commands.</summary>
    public RootCommand Root => _root;

    /// <summary>Takes a command line apart.</summary>
    public ParseResult Parse(string[] arguments) => _root.Parse(Completion.WithPosition(arguments), Completion.Parser);

    /// <summary>Reads a command line.</summary>
    public WorkerRequest Read(ParseResult parsed) => WorkerRequest.Read(parsed, _options);

    public WorkerCommand(IReplicaFactory replicas, TextWriter output, TextWriter error)
    {
        (_replicas, _output, _error) = (replicas, output, error);
        _root = new RootCommand(
            "Joins a cluster and computes for its coordinator, actorhutch estimate --cluster, until it is told to leave "
            + "(SIGTERM, Ctrl-C).");
        foreach (var option in _options.Of(_root.Name)) _root.Add(option);
        HelpPageAction.Install(_root, [new HelpPage("actorhutch-worker", _root, _options.Groups, Examples) { Documents = Documents }]);
        _root.SetAction((parsed, cancellation) => RunAsync(Read(parsed), cancellation));
    }

    /// <summary>Whether a terminal shows what goes to standard error, in colours. Default: no.</summary>
    public bool Colors { get; init; }

    /// <summary>Runs a command line.</summary>
    /// <param name="arguments">Without the program's name.</param>
    /// <param name="leave">What SIGTERM and Ctrl-C cancel.</param>
    /// <returns>One of <see cref="ExitCode"/>.</returns>
    public async Task<int> RunAsync(string[] arguments, CancellationToken leave)
    {
        var parsed = Parse(arguments);
        if (parsed.Errors.Count > 0)
        {
            var request = Read(parsed);
            return Problems.Report(_error, "actorhutch-worker", [.. request.Problems, .. Problems.Suggestions(parsed)]);
        }

        return await parsed.InvokeAsync(
            new InvocationConfiguration
            {
                Output = _output,
                Error = _error,
                ProcessTerminationTimeout = null,
                EnableDefaultExceptionHandler = false,
            },
            leave).ConfigureAwait(false);
    }

    private async Task<int> RunAsync(WorkerRequest request, CancellationToken leave)
    {
        var log = new LogSettings(_error, request.Log.Level ?? WorkerRequest.DefaultLogLevel)
        {
            Format = request.Log.Format ?? default,
            Colors = Colors,
            Worker = request.Id,
        };
        try
        {
            string[] problems = [.. request.Problems, .. DeviceProblem(request)];
            if (problems.Length > 0) return Problems.Report(_error, "actorhutch-worker", problems);

            // To load libtorch takes a third of a second: where no GPU is asked for it is loaded while the node joins, and
            // the first replica says what is wrong with it.
            var loading = Task.Run(() => _replicas.CudaDeviceCount, CancellationToken.None);
            int cudaDevices = request.Settings.Device == "cpu" ? 0 : await loading.ConfigureAwait(false);
            var devices = WorkerDevices.Devices(request.Settings, cudaDevices, processors: 1);
            return await new WorkerNode(request, _replicas, log).RunAsync(devices, leave).ConfigureAwait(false);
        }
        catch (ListenException error)
        {
            log.Tell(LogEventLevel.Fatal, error.Message);
            return ExitCode.BadInput;
        }
        catch (Exception error) when (error is CurvatureException or IOException)
        {
            log.Tell(LogEventLevel.Fatal, error.Message);
            return ExitCode.Failed;
        }
    }

    private IEnumerable<string> DeviceProblem(WorkerRequest request)
    {
        if (!request.Settings.Device.StartsWith("cuda", StringComparison.Ordinal) || request.Problems.Count > 0) return [];
        return WorkerDevices.Check(request.Settings, _replicas.CudaDeviceCount) is { } problem ? [problem.ToString()] : [];
    }
}
