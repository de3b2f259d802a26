using ActorHutch.Coordinator.Actors;
using ActorHutch.Coordinator.Dashboard;
using ActorHutch.Coordinator.Journal;
using ActorHutch.Coordinator.Reports.Files;
using ActorHutch.Coordinator.Running;
using ActorHutch.Coordinator.Scheduling;
using ActorHutch.Curvature;
using ActorHutch.GpuWorker.Replicas;
using ActorHutch.Shared.Blobs;
using ActorHutch.Shared.CommandLine;
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
            KeepsRecord = request.Out is not null,
        };
        try
        {
            // First, so that nobody computes for hours what then cannot be written.
            if (request.Out is { } folder) ReportFolder.Open(folder);
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
                int code = await work(session).ConfigureAwait(false);
                if (code != ExitCode.Done) return code;
                await session.CompleteAsync().ConfigureAwait(false);
                if (!session.HasDisagreements) return code;
                terminal.Log.Tell(
                    LogEventLevel.Error, "Two workers found different values for the same probes, so the result may be wrong: the report names them.");
                return ExitCode.Failed;
            }
        }
        catch (Exception error) when (error is StateDirectoryException or ReportFolderException)
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

    /// <summary>Writes a report's files where they are asked for, and tells people where.</summary>
    /// <param name="request">What was asked for.</param>
    /// <param name="terminal">Where to tell.</param>
    /// <param name="files">The files.</param>
    /// <param name="first">The one to open.</param>
    public static void WriteFiles(Request request, Terminal terminal, Func<IReadOnlyList<ReportFile>> files, string first)
    {
        if (request.Out is not { } path) return;
        var folder = ReportFolder.Open(path);
        folder.Write(files());
        if (!request.Json) terminal.Out.WriteLine($"\nSee {folder[first]}");
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
