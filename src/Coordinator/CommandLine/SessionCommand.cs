using ActorHutch.Coordinator.Actors;
using ActorHutch.Coordinator.Dashboard;
using ActorHutch.Coordinator.Journal;
using ActorHutch.Coordinator.Running;
using ActorHutch.Coordinator.Scheduling;
using ActorHutch.Curvature;
using ActorHutch.Curvature.Operators;
using ActorHutch.GpuWorker.Replicas;
using ActorHutch.Shared.Blobs;
using ActorHutch.Shared.CommandLine;

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
            // Settled here for all workers, whose machines may differ: stacks of one shape everywhere.
            MemoryBudget = request.Settings.MemoryBudget ?? CurvatureOptions.DefaultMemoryBudget,
            VerifyFraction = request.VerifyFraction,
        };
        try
        {
            using var state = request.State is { } path ? StateDirectory.Open(path, request.Job) : null;
            await using var watch = await JobWatch.StartAsync(request, terminal).ConfigureAwait(false);
            Session session = request.Cluster is { } cluster
                ? await ClusterSession.StartAsync(
                    cluster, policy, request.Files?.Offered ?? new BlobStore(), terminal.Error, request.LogLevel, state,
                    cancellation, watch?.Metrics).ConfigureAwait(false)
                : await LocalSession.StartAsync(
                    request.Settings, replicas, terminal.Error, request.LogLevel, policy, state, request.Files?.Here).ConfigureAwait(false);
            await using (session.ConfigureAwait(false))
            {
                session.Feed = watch?.Feed;
                watch?.Feed.Follow(session.LookAsync);
                int code = await work(session).ConfigureAwait(false);
                if (code == ExitCode.Done) await session.CompleteAsync().ConfigureAwait(false);
                return code;
            }
        }
        catch (StateDirectoryException error)
        {
            await terminal.Error.WriteLineAsync(error.Message).ConfigureAwait(false);
            return ExitCode.BadInput;
        }
        catch (Exception error) when (error is CurvatureException or IOException)
        {
            await terminal.Error.WriteLineAsync(error.Message).ConfigureAwait(false);
            return ExitCode.Failed;
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            return ExitCode.Interrupted;
        }
    }

    /// <summary>The exit code for a job's end; what went wrong goes to standard error.</summary>
    public static int Conclude(JobResult result, Terminal terminal)
    {
        var outcome = result.Outcome;
        if (!result.Succeeded && outcome.Message is not null) terminal.Error.WriteLine(outcome.Message);
        return outcome.End switch
        {
            JobEnd.Completed or JobEnd.TargetReached => ExitCode.Done,
            JobEnd.Interrupted => ExitCode.Interrupted,
            JobEnd.Refused => ExitCode.BadInput,
            _ => ExitCode.Failed,
        };
    }
}
