using ActorHutch.Coordinator.Actors;
using ActorHutch.Coordinator.Running;
using ActorHutch.Coordinator.Scheduling;
using ActorHutch.Curvature;
using ActorHutch.GpuWorker.Replicas;

namespace ActorHutch.Coordinator.CommandLine;

/// <summary>What the commands that run in one process have in common.</summary>
internal static class LocalCommand
{
    /// <summary>Runs a command's work in a session of its own.</summary>
    public static async Task<int> RunAsync(
        Request request, Terminal terminal, IReplicaFactory replicas, Func<LocalSession, Task<int>> work)
    {
        LocalSession session;
        try
        {
            session = await LocalSession.StartAsync(request.Settings, replicas, terminal.Error, request.LogLevel)
                .ConfigureAwait(false);
        }
        catch (CurvatureException error)
        {
            await terminal.Error.WriteLineAsync(error.Message).ConfigureAwait(false);
            return ExitCode.Failed;
        }

        await using (session.ConfigureAwait(false)) return await work(session).ConfigureAwait(false);
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
