using ActorHutch.Coordinator.Actors;
using ActorHutch.Coordinator.Journal;
using ActorHutch.Coordinator.Running;
using ActorHutch.Coordinator.Scheduling;
using ActorHutch.Curvature;
using ActorHutch.GpuWorker.Replicas;

namespace ActorHutch.Coordinator.CommandLine;

/// <summary>What the commands that run in one process have in common.</summary>
internal static class LocalCommand
{
    /// <summary>Runs a command's work in a session of its own, with the state directory if there is one.</summary>
    public static async Task<int> RunAsync(
        Request request, Terminal terminal, IReplicaFactory replicas, Func<LocalSession, Task<int>> work)
    {
        try
        {
            using var state = request.State is { } path ? StateDirectory.Open(path, request.Job) : null;
            var session = await LocalSession.StartAsync(
                request.Settings, replicas, terminal.Error, request.LogLevel, state).ConfigureAwait(false);
            await using (session.ConfigureAwait(false)) return await work(session).ConfigureAwait(false);
        }
        catch (StateDirectoryException error)
        {
            await terminal.Error.WriteLineAsync(error.Message).ConfigureAwait(false);
            return ExitCode.BadInput;
        }
        catch (CurvatureException error)
        {
            await terminal.Error.WriteLineAsync(error.Message).ConfigureAwait(false);
            return ExitCode.Failed;
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
