using ActorHutch.Coordinator.Reports;
using ActorHutch.Coordinator.Scheduling;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace ActorHutch.Coordinator.CommandLine.Live;

/// <summary>A job before its first chunk: who is there, and who is waited for.</summary>
internal static class WaitingPanel
{
    /// <summary>The view, for a terminal of a size.</summary>
    public static IRenderable Of(JobState state, Size size)
    {
        int wanted = state.Policy.MinWorkers;
        string text = state.Workers.IsEmpty
            ? $"Waiting for {Figures.Count(wanted, "worker")}, for up to {Durations.Text(state.Policy.WorkerWait.TotalSeconds)}"
            : $"Preparing: {Figures.Whole(state.ReadyWorkers)} of {Figures.Count(Math.Max(wanted, state.PresentWorkers), "worker")} ready";
        var line = new Padder(new Text(text), new Padding(2, 0, 0, 0));
        return state.Workers.IsEmpty ? line : new Rows(line, Text.Empty, WorkerLines.Of(state, size, linesAbove: 2));
    }
}
