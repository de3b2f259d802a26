using System.CommandLine;
using ActorHutch.Coordinator.CommandLine.Help;
using ActorHutch.Coordinator.Running;
using ActorHutch.GpuWorker.Replicas;
using ActorHutch.Shared.Blobs;
using ActorHutch.Shared.CommandLine;
using ActorHutch.Shared.CommandLine.Help;
using ActorHutch.Shared.Jobs;

namespace ActorHutch.Coordinator.CommandLine;

/// <summary>The program <c>actorhutch</c>: its commands, and how a command line becomes an exit code.</summary>
internal sealed class ActorHutchCommand
{
    private readonly OptionSet _options = new();
    private readonly Terminal _terminal;
    private readonly IReplicaFactory _replicas;
    private readonly RootCommand _root;
    private readonly Dictionary<Command, JobKind?> _kinds = [];

    /// <summary>The program.</summary>
    /// <param name="terminal">Where it writes.</param>
    /// <param name="replicas">Makes its workers' replicas.</param>
    public ActorHutchCommand(Terminal terminal, IReplicaFactory replicas)
    {
        _terminal = terminal;
        _replicas = replicas;
        _root = new RootCommand(
            "Estimates the trace of a neural network's curvature matrix from random probes, and says how far the "
            + "estimate can be trusted. Without a command: estimate.");
        var estimate = new Command("estimate", "Estimates the trace; without options, of the built-in example");
        var exact = new Command("exact", "Computes the exact trace");
        var compare = new Command("compare", "Runs every method and V_batch: estimate, time, probes/s, speed-up");
        var check = new Command(
            "check", "Compares the loss and one vᵀHv with what another program found, such as tools/export_pytorch.py --check");
        // Without a command, a job file says which it is.
        Fill(_root, null, _options.OfEstimate(), (session, request, to, cancellation) => request.Spec.Kind == JobKind.Exact
            ? ExactCommand.RunAsync(session, request, to, cancellation)
            : EstimateCommand.RunAsync(session, request, to, cancellation));
        Fill(estimate, JobKind.Estimate, _options.OfEstimate(), EstimateCommand.RunAsync);
        Fill(exact, JobKind.Exact, _options.OfExact(), ExactCommand.RunAsync);
        Fill(check, JobKind.Estimate, _options.OfCheck());
        check.Add(_options.Expected);
        check.SetAction((parsed, cancellation) => CheckCommand.RunAsync(
            () => Request.Read(parsed, _options, JobKind.Estimate, _replicas), parsed.GetValue(_options.Expected)!, _terminal, _replicas,
            cancellation));
        Fill(compare, JobKind.Estimate, _options.OfCompare(), CompareCommand.RunAsync);
        var accuracy = new Command("accuracy", "Draws estimates against the number of probes, for several seeds, and the exact value");
        Fill(accuracy, JobKind.Estimate, _options.OfAccuracy(), AccuracyCommand.RunAsync, AccuracyCommand.Folder);
        _root.Add(estimate);
        _root.Add(exact);
        _root.Add(accuracy);
        _root.Add(compare);
        _root.Add(check);
        Completion.OfferFiles(_options.OfEstimate());
        HelpPageAction.Install(_root, HelpPages.Of(_root, _options));
    }

    /// <summary>The program's commands.</summary>
    public RootCommand Root => _root;

    /// <summary>Reads a command line that the parser accepts.</summary>
    public Request Read(ParseResult parsed) =>
        Request.Read(parsed, _options, _kinds.GetValueOrDefault(parsed.CommandResult.Command), _replicas);

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
        // With errors, the parser's own action would write its help in place of the result.
        if (parsed.Errors.Count == 0)
            return await parsed.InvokeAsync(configuration, cancellation).ConfigureAwait(false);

        var request = Read(parsed);
        return Problems.Report(_terminal.Error, "actorhutch", [.. request.Problems, .. Problems.Suggestions(parsed)]);
    }

    private void Fill(Command command, JobKind? kind, IReadOnlyList<Option> options)
    {
        _kinds.Add(command, kind);
        foreach (var option in options) command.Add(option);
    }

    private void Fill(Command command, JobKind? kind, IReadOnlyList<Option> options, Work work, string? folder = null)
    {
        Fill(command, kind, options);
        command.SetAction(async (parsed, cancellation) =>
        {
            var request = Request.Read(parsed, _options, kind, _replicas);
            request = request.WithFiles(new BlobCache(BlobCache.DefaultDirectory)).WithOut(folder);
            using var files = request.Files;
            if (request.Problems.Count > 0) return Problems.Report(_terminal.Error, "actorhutch", request.Problems);
            if (!request.PrintsJob)
            {
                var terminal = _terminal.For(request);
                return await SessionCommand.RunAsync(
                    request, terminal, _replicas, session => work(session, request, terminal, cancellation),
                    cancellation).ConfigureAwait(false);
            }

            await _terminal.Out.WriteLineAsync(request.Job.ToString()).ConfigureAwait(false);
            return ExitCode.Done;
        });
    }
}
