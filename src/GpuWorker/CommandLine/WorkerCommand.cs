using System.CommandLine;
using ActorHutch.Curvature;
using ActorHutch.GpuWorker.Replicas;
using ActorHutch.GpuWorker.Running;
using ActorHutch.Shared.CommandLine;
using ActorHutch.Shared.CommandLine.Help;
using ActorHutch.Shared.Hosting;
using Serilog.Events;

namespace ActorHutch.GpuWorker.CommandLine;

/// <summary>
/// What a worker's command line is, and how it becomes an exit code: the program <c>actorhutch-worker</c>, or the command
/// <c>worker</c> of another program.
/// </summary>
public sealed class WorkerCommand
{
    /// <summary>Its name among another program's commands.</summary>
    public const string CommandName = "worker";

    private const string Summary =
        "Joins a cluster and computes for its coordinator, actorhutch estimate --cluster, until it is told to leave (SIGTERM, Ctrl-C).";

    private readonly OptionTable<WorkerRequest> _options = new(WorkerOptions.All);
    private readonly IReplicaFactory _replicas;
    private readonly TextWriter _output;
    private readonly TextWriter _error;
    private readonly string _name;

    /// <summary>Two command lines that work.</summary>
    /// <param name="name">How a worker is called.</param>
    public static Example[] Examples(string name) =>
    [
        new($"{name} --seed-nodes 127.0.0.1:4053", "Works for a coordinator on this machine"),
        new(
            $"{name} --seed-nodes node-0:4053 --device cuda --until-job-done",
            "Works on every GPU for a coordinator elsewhere, and leaves when its job is done"),
    ];

    /// <summary>Where more is to be read.</summary>
    public const string Documents = "In the repository: docs/cluster.md for addresses and failures, docs/security.md for certificates, docs/kubernetes.md.";

    /// <summary>Its options.</summary>
    public Command Command { get; }

    /// <summary>Its help.</summary>
    public HelpPage Page => new(_name, Command, _options.Groups, Examples(_name)) { Documents = Documents };

    /// <summary>Takes a command line apart.</summary>
    public ParseResult Parse(string[] arguments) => Command.Parse(Completion.WithPosition(arguments), Completion.Parser);

    /// <summary>Reads a command line.</summary>
    internal WorkerRequest Read(ParseResult parsed) => WorkerRequest.Read(parsed, _options);

    /// <summary>The worker's command line.</summary>
    /// <param name="replicas">Makes its replicas.</param>
    /// <param name="output">Standard output.</param>
    /// <param name="error">Standard error.</param>
    /// <param name="program">The program that has it among its commands; null (the default) where it is a program of its own.</param>
    public WorkerCommand(IReplicaFactory replicas, TextWriter output, TextWriter error, string? program = null)
    {
        (_replicas, _output, _error) = (replicas, output, error);
        _name = program is null ? "actorhutch-worker" : $"{program} {CommandName}";
        Command = program is null ? new RootCommand(Summary) : new Command(CommandName, Summary);
        foreach (var option in _options.Of(CommandName)) Command.Add(option);
        if (Command is RootCommand root) HelpPageAction.Install(root, [Page]);
        Command.SetAction((parsed, cancellation) => RunAsync(Read(parsed), cancellation));
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
        if (parsed.Errors.Count > 0) return Refuse(parsed, Problems.Suggestions(parsed));

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

    /// <summary>Says what is wrong with a command line.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="more">What there is to say beside it.</param>
    /// <returns>The exit code.</returns>
    public int Refuse(ParseResult parsed, IEnumerable<string> more) => Problems.Report(_error, _name, [.. Read(parsed).Problems, .. more]);

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
            if (problems.Length > 0) return Problems.Report(_error, _name, problems);

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
