using System.Globalization;
using ActorHutch.Coordinator.Actors;
using ActorHutch.Coordinator.Reports;
using ActorHutch.Coordinator.Scheduling;

namespace ActorHutch.Coordinator.CommandLine.Live;

/// <summary>Progress for a file, or for another program: now and then a line, and no control characters.</summary>
/// <param name="writer">Where to.</param>
internal sealed class PlainProgress(TextWriter writer) : IProgressDisplay
{
    private static readonly TimeSpan Shortest = TimeSpan.FromSeconds(10);

    private Milestones _milestones = new(Shortest);

    public void Waiting(JobState state)
    {
        // It ends soon, and the log tells of each worker that comes.
    }

    public void Show(string? title, JobProgress progress)
    {
        if (_milestones.Reached(progress.Elapsed)) writer.WriteLine(Line(title, progress));
    }

    public void Clear() => _milestones = new Milestones(Shortest);

    /// <summary>How far the job is, in one line.</summary>
    public static string Line(string? title, JobProgress progress)
    {
        string line = title is null ? "" : title + ": ";
        line += progress.IsOpenEnded
            ? Figures.Count(progress.Probes, progress.Unit)
            : string.Create(CultureInfo.InvariantCulture, $"{progress.Probes:N0} of {Figures.Count(progress.Total, progress.Unit)}");
        if (progress.Eigenvalues is { } found) line += $", {JobText.Residuals(found)}";
        if (progress.Estimate is { } estimate && double.IsFinite(estimate.StandardError))
            line += $", {Notation.WithError(estimate.Trace, estimate.StandardError)}";

        if (double.IsFinite(progress.ProbesPerSecond) && progress.Probes > 0)
            line += $", {Figures.Significant(progress.ProbesPerSecond, 3)}/s";
        double left = progress.SecondsLeft;
        return double.IsFinite(left) ? $"{line}, {Durations.Text(left)} left" : line;
    }
}
