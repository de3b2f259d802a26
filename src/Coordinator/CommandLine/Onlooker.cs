using ActorHutch.Coordinator.Actors;
using ActorHutch.Coordinator.CommandLine.Live;
using ActorHutch.Coordinator.Reports;
using ActorHutch.Coordinator.Scheduling;

namespace ActorHutch.Coordinator.CommandLine;

/// <summary>Tells people what runs and how far it is: the head of the report, then progress.</summary>
/// <param name="terminal">Where to write.</param>
/// <param name="threads">libtorch's threads in each worker; null where no head is wanted.</param>
internal sealed class Onlooker(Terminal terminal, int? threads) : IJobObserver
{
    private readonly IProgressDisplay? _display = terminal.Progress();

    /// <summary>What of several jobs is on; null where there is one.</summary>
    public string? Title { get; set; }

    public void Preparing(JobState state) => _display?.Waiting(state);

    public void Started(JobState state)
    {
        Clear();
        if (state.Recovered > 0 && !terminal.Quiet)
        {
            terminal.Log.Tell(
                Serilog.Events.LogEventLevel.Information,
                $"{Figures.Whole(state.Recovered)} of {(state.Spec.Target is null ? "" : "at most ")}"
                + $"{Figures.Count(state.ChunkCount, "chunk")} were in the state directory.");
        }

        if (threads is not { } each) return;
        foreach (var console in terminal.Heads()) new JobText(console).WriteHeader(state, each);
    }

    public void Progressed(JobProgress progress) => _display?.Show(Title, progress);

    public void Again(string why)
    {
        Clear();
        if (!terminal.Quiet)
            terminal.Log.Tell(Serilog.Events.LogEventLevel.Information, $"{why} It is computed again in float64.");
    }

    /// <summary>Makes room for what comes next.</summary>
    public void Clear() => _display?.Clear();
}
