using ActorHutch.Coordinator.Journal;
using ActorHutch.Coordinator.Reports.Files;
using ActorHutch.Coordinator.Running;
using ActorHutch.Coordinator.Scheduling;
using ActorHutch.Curvature;
using ActorHutch.Curvature.Data.Bytes;
using ActorHutch.GpuWorker.Replicas;
using ActorHutch.Shared.Blobs;
using ActorHutch.Shared.Hosting;
using Serilog.Events;

namespace ActorHutch.Coordinator.CommandLine;

/// <summary>What the commands that run jobs have in common.</summary>
internal static class SessionCommand
{
    /// <summary>Runs a command's work in a session of its own.</summary>
    public static async Task<int> RunAsync(
        Request request, Terminal terminal, IReplicaFactory replicas, Func<Session, Task<int>> work,
        CancellationToken cancellation)
    {
        var policy = new JobPolicy
        {
            MemoryBudget = request.Settings.MemoryBudget,
            VerifyFraction = request.VerifyFraction,
            PicksPrecision = request.Job.PicksPrecision,
            KeepsRecord = request.Out is not null || request.IsSeries,
        };
        try
        {
            // First, so that nobody computes for hours what then cannot be written.
            if (request.Out is { } folder) ReportFolder.Open(folder);
            if (request.Job.Run.TensorBoard is { } events) ReportFolder.Open(events, "tensorboard");
            using var state = request.State is { } path ? StateDirectory.Open(path, request.Job) : null;
            await using var watch = await JobWatch.StartAsync(request, terminal).ConfigureAwait(false);
            Session session = request.Cluster is { } cluster
                ? await ClusterSession.StartAsync(
                    cluster, policy, request.Files?.Offered ?? new BlobStore(), terminal.Log, state, cancellation, watch?.Metrics)
                    .ConfigureAwait(false)
                : await LocalSession.StartAsync(
                    request.Settings, replicas, terminal.Log, policy, state, request.Files?.Here).ConfigureAwait(false);
            await using (session.ConfigureAwait(false))
            {
                session.Feed = watch?.Feed;
                watch?.Feed.Follow(session.LookAsync);
                FileChangedException? changed = null;
                void OnChanged(FileChangedException error)
                {
                    changed = error;
                    session.OnChanged(error);
                }

                if (request.Files is { } files) files.Here.Changed += OnChanged;
                if (session is ClusterSession joined && !request.Quiet) terminal.Log.Tell(LogEventLevel.Information, joined.HowToJoin);
                terminal.Clock.JobBegins();
                int code = await work(session).ConfigureAwait(false);
                if (code is ExitCode.Done or ExitCode.NotWritten) await session.CompleteAsync().ConfigureAwait(false);
                if (changed is not null)
                {
                    if (code is not (ExitCode.Done or ExitCode.Failed)) return code;
                    // Of several jobs, those that ended before are right; and this one may have ended just then.
                    terminal.Log.Tell(LogEventLevel.Error, changed.Message);
                    return ExitCode.BadInput;
                }

                foreach (var file in request.Files?.Replaced ?? []) terminal.Log.Tell(LogEventLevel.Warning, Warning(file));
                if (code != ExitCode.Done || !session.HasDisagreements) return code;
                terminal.Log.Tell(
                    LogEventLevel.Error, "Two workers found different values for the same probes, so the result may be wrong: the report names them.");
                return ExitCode.Failed;
            }
        }
        catch (Exception error) when (error is StateDirectoryException or ReportFolderException or ListenException)
        {
            terminal.Log.Tell(LogEventLevel.Fatal, error.Message);
            return ExitCode.BadInput;
        }
        catch (Exception error) when (error is CurvatureException or IOException)
        {
            terminal.Log.Tell(LogEventLevel.Fatal, error.Message);
            return ExitCode.Failed;
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            return ExitCode.Interrupted;
        }
    }

    private static string Warning(HashedFile file) =>
        $"{file.Path} was changed or replaced while the job ran. The result is for its content before that, with SHA-256 {file.Content.Sha256}.";

    /// <summary>Writes a report's files where they are asked for, and tells people where.</summary>
    /// <param name="request">What was asked for.</param>
    /// <param name="terminal">Where to tell.</param>
    /// <param name="files">The files.</param>
    /// <param name="first">The one to open.</param>
    /// <param name="code">The exit code so far.</param>
    /// <returns>The exit code: another one where all was well, and the files could not be written.</returns>
    public static int WriteFiles(Request request, Terminal terminal, Func<IReadOnlyList<ReportFile>> files, string first, int code)
    {
        if (request.Out is not { } path) return code;
        try
        {
            var folder = ReportFolder.Open(path);
            folder.Write(files());
            if (!request.Json) terminal.Out.WriteLine($"\nSee {folder[first]}");
            return code;
        }
        catch (Exception error) when (error is IOException or ReportFolderException)
        {
            terminal.Log.Tell(LogEventLevel.Error, error.Message);
            return code is ExitCode.Done or ExitCode.Interrupted ? ExitCode.NotWritten : code;
        }
    }

    /// <summary>Writes a result for TensorBoard where that is asked for.</summary>
    /// <param name="request">What was asked for.</param>
    /// <param name="terminal">Where to tell what went wrong.</param>
    /// <param name="write">Writes it into a folder.</param>
    /// <param name="code">The exit code so far.</param>
    /// <returns>The exit code: another one where all was well, and it could not be written.</returns>
    public static int WriteEvents(Request request, Terminal terminal, Action<string> write, int code)
    {
        if (request.Job.Run.TensorBoard is not { } folder) return code;
        try
        {
            write(folder);
            return code;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            terminal.Log.Tell(LogEventLevel.Error, $"TensorBoard's events could not be written to {folder}: {error.Message}");
            return code is ExitCode.Done or ExitCode.Interrupted ? ExitCode.NotWritten : code;
        }
    }

    /// <summary>Tells, where a job that <c>--state</c> keeps or could have kept is interrupted, how it goes on; returns the exit code.</summary>
    public static int TellHowToGoOn(Request request, Terminal terminal, int code)
    {
        if (code != ExitCode.Interrupted || request.Quiet || request.Json) return code;
        terminal.Log.Tell(LogEventLevel.Information, request.State is { } state
            ? $"Run the same command again to continue from {state}."
            : "Nothing was kept: with --state DIR, the same command continues after an interruption.");
        return code;
    }

    /// <summary>The exit code for a job's end; what went wrong goes to standard error.</summary>
    public static int Conclude(JobResult result, Terminal terminal)
    {
        var outcome = result.Outcome;
        if (!result.Succeeded && outcome.Message is not null) terminal.Log.Tell(LogEventLevel.Error, outcome.Message);
        return outcome.End switch
        {
            JobEnd.Completed or JobEnd.TargetReached => ExitCode.Done,
            JobEnd.Interrupted => ExitCode.Interrupted,
            JobEnd.Refused => ExitCode.BadInput,
            _ => ExitCode.Failed,
        };
    }
}
