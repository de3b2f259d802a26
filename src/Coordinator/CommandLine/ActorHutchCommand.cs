using System.CommandLine;
using System.CommandLine.Invocation;
using ActorHutch.Coordinator.CommandLine.Help;
using ActorHutch.Coordinator.JobFiles;
using ActorHutch.Coordinator.Running;
using ActorHutch.Curvature.Estimation;
using ActorHutch.GpuWorker.CommandLine;
using ActorHutch.GpuWorker.Replicas;
using ActorHutch.Shared.Blobs;
using ActorHutch.Shared.CommandLine;
using ActorHutch.Shared.CommandLine.Help;
using ActorHutch.Shared.Hosting;
using ActorHutch.Shared.Options;

namespace ActorHutch.Coordinator.CommandLine;

/// <summary>The program <c>actorhutch</c>: its commands, and how a command line becomes an exit code.</summary>
internal sealed class ActorHutchCommand
{
    private readonly OptionTable<JobDocument> _options;
    private readonly Terminal _terminal;
    private readonly IReplicaFactory _replicas;
    private readonly RootCommand _root;
    private readonly WorkerCommand _worker;
    private readonly Dictionary<Command, Estimator?> _estimators = [];

    /// <summary>The program.</summary>
    /// <param name="terminal">Where it writes.</param>
    /// <param name="replicas">Makes its workers' replicas.</param>
    /// <param name="entries">The options there are; null for all.</param>
    public ActorHutchCommand(Terminal terminal, IReplicaFactory replicas, IReadOnlyList<OptionEntry<JobDocument>>? entries = null)
    {
        _options = new OptionTable<JobDocument>(entries ?? JobOptions.All);
        _terminal = terminal;
        _replicas = replicas;
        _root = new RootCommand(
            "Estimates the trace of the Hessian H of a neural network's loss from random vectors v, the probes, as tr(H) = E[vᵀHv], "
            + "with its standard error and confidence interval. Workers compute the probes in chunks, each with a replica, its own "
            + "copy of model and data; a block is the part of H that belongs to one parameter tensor. Without a command: estimate.");
        // Without a command, a job file says which it is.
        Fill(_root, null, EstimateCommand.RunAsync);
        foreach (var estimator in Estimator.All)
        {
            var command = new Command(estimator.Name, estimator.Summary);
            Fill(command, estimator, EstimateCommand.RunAsync);
            _root.Add(command);
        }

        var compare = new Command(JobOptions.Compare, "Runs every method with several V_batch: estimate, time, probes/s, speed-up");
        var check = new Command(
            JobOptions.Check, "Compares the loss and one vᵀHv with what another program found, such as tools/export_pytorch.py --check");
        Fill(check, Estimator.Hutchinson);
        var expected = new Argument<string>("FILE") { Description = "What the other program found: check.json, which names its probe's file beside it" };
        check.Add(expected);
        check.SetAction((parsed, cancellation) => CheckCommand.RunAsync(
            () => Request.Read(parsed, _options, Estimator.Hutchinson, _replicas), parsed.GetValue(expected)!, _terminal, _replicas,
            cancellation));
        Fill(compare, Estimator.Hutchinson, CompareCommand.RunAsync);
        var accuracy = new Command(JobOptions.Accuracy, "Plots estimates against the number of probes, for several seeds, beside the exact trace");
        Fill(accuracy, Estimator.Hutchinson, AccuracyCommand.RunAsync, AccuracyCommand.Folder);
        _root.Add(accuracy);
        _root.Add(compare);
        _root.Add(check);
        _worker = new WorkerCommand(replicas, terminal.Out, terminal.Error, HelpPages.Program) { Colors = terminal.HasColors };
        _root.Add(_worker.Command);
        Pages = HelpPages.Of(_root, _options.Groups, _worker.Page);
        HelpPageAction.Install(_root, Pages);
    }

    /// <summary>The program's commands.</summary>
    public RootCommand Root => _root;

    /// <summary>The pages of <c>--help</c>: the program's, and each command's.</summary>
    public IReadOnlyList<HelpPage> Pages { get; }

    /// <summary>Reads a command line that the parser accepts.</summary>
    public Request Read(ParseResult parsed) =>
        Request.Read(parsed, _options, _estimators.GetValueOrDefault(parsed.CommandResult.Command), _replicas);

    /// <summary>What a command does once there is a session for it.</summary>
    private delegate Task<int> Work(
        Session session, Request request, Terminal terminal, CancellationToken cancellation);

    /// <summary>Runs a command line.</summary>
    /// <param name="arguments">Without the program's name.</param>
    /// <param name="cancellation">What Ctrl-C cancels.</param>
    /// <returns>One of <see cref="ExitCode"/>.</returns>
    public async Task<int> RunAsync(string[] arguments, CancellationToken cancellation)
    {
        var parsed = _root.Parse(Completion.WithPosition(arguments), Completion.Parser);
        var configuration = new InvocationConfiguration
        {
            Output = _terminal.Out,
            Error = _terminal.Error,
            // Signals are handled by the program, and what is not foreseen may show where it happened.
            ProcessTerminationTimeout = null,
            EnableDefaultExceptionHandler = false,
        };
        bool isWorker = parsed.CommandResult.Command == _worker.Command;
        // Help, which is no task, comes first.
        if (isWorker && parsed.Action is AsynchronousCommandLineAction && Misplaced(parsed, _options.Given(parsed)) is { Length: > 0 } before)
            return _worker.Refuse(parsed, before);

        // With errors, the parser's own action would write its help in place of the result.
        if (parsed.Errors.Count == 0)
            return await parsed.InvokeAsync(configuration, cancellation).ConfigureAwait(false);

        string[] more = [.. Misplaced(parsed), .. Problems.Suggestions(parsed)];
        return isWorker ? _worker.Refuse(parsed, more) : Problems.Report(_terminal.Error, HelpPages.Program, [.. Read(parsed).Problems, .. more]);
    }

    /// <summary>A line for each option of the program's own that stands before the name of a command that has others.</summary>
    private static string[] Misplaced(ParseResult parsed, IEnumerable<OptionEntry<JobDocument>> given) =>
        [.. given.Select(entry => $"--{entry.Name}: the options of {parsed.CommandResult.Command.Name} come after its name.")];

    /// <summary>A line for each option that is another command's.</summary>
    private IEnumerable<string> Misplaced(ParseResult parsed) =>
        from token in parsed.UnmatchedTokens
        let name = token.Split('=', 2)[0]
        from entry in _options.Entries
        where name == $"--{entry.Name}" && entry.Commands is { Count: > 0 }
        select $"{name}: {NameOf(parsed.CommandResult.Command)} does not take it; {string.Join(", ", entry.Commands!)} do.";

    private string NameOf(Command command) => command == _root ? Estimator.Hutchinson.Name : command.Name;

    private void Fill(Command command, Estimator? estimator)
    {
        _estimators.Add(command, estimator);
        foreach (var option in _options.Of(NameOf(command))) command.Add(option);
    }

    private void Fill(Command command, Estimator? estimator, Work work, string? folder = null)
    {
        Fill(command, estimator);
        command.SetAction(async (parsed, cancellation) =>
        {
            var request = Request.Read(parsed, _options, estimator, _replicas);
            request = request.WithFiles(new BlobCache(BlobCache.DefaultDirectory)).WithOut(folder);
            using var files = request.Files;
            if (request.Problems.Count > 0) return Problems.Report(_terminal.Error, HelpPages.Program, request.Problems);
            if (!request.Job.Run.PrintsJob)
            {
                var terminal = _terminal.For(request);
                return await SessionCommand.RunAsync(
                    request, terminal, _replicas, session => work(session, request, terminal, cancellation),
                    cancellation).ConfigureAwait(false);
            }

            await _terminal.Out.WriteLineAsync(request.Job.Write(_options.Entries)).ConfigureAwait(false);
            return ExitCode.Done;
        });
    }
}
