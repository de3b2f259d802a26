using System.Globalization;
using ActorHutch.Coordinator.Actors;
using ActorHutch.Coordinator.Reports;
using ActorHutch.Coordinator.Scheduling;

namespace ActorHutch.Coordinator.CommandLine;

/// <summary>
/// Tells people what runs and how far it is: the head of the report, and a line of progress that is written over and
/// over on the terminal that standard error is, if it is one.
/// </summary>
/// <param name="terminal">Where to write.</param>
/// <param name="text">Writes the head; null for none.</param>
/// <param name="threads">libtorch's threads in each worker.</param>
internal sealed class Onlooker(Terminal terminal, JobText? text, int threads) : IJobObserver
{
    private const string EraseLine = "\r\u001b[K";
    private bool _wrote;

    public void Started(JobState state)
    {
        if (state.Recovered > 0)
        {
            terminal.Error.WriteLine(
                $"{Figures.Whole(state.Recovered)} of {(state.Spec.RelativeError is null ? "" : "at most ")}"
                + $"{Figures.Count(state.ChunkCount, "chunk")} were in the state directory.");
        }

        text?.WriteHeader(state, threads);
    }

    public void Progressed(JobProgress progress)
    {
        if (!terminal.ShowsProgress) return;
        terminal.Error.Write(EraseLine + Line(progress));
        _wrote = true;
    }

    /// <summary>Makes room for what comes next.</summary>
    public void Clear()
    {
        if (_wrote) terminal.Error.Write(EraseLine);
        _wrote = false;
    }

    /// <summary>How far the job is, in one line.</summary>
    public static string Line(JobProgress progress)
    {
        string line = string.Create(CultureInfo.InvariantCulture,
            $"  {progress.Probes:N0} of {Figures.Count(progress.Total, "probe")}");
        if (progress.Estimate is { } estimate && double.IsFinite(estimate.StandardError))
        {
            int decimals = Figures.DecimalsFor(estimate.StandardError);
            line += $", {Figures.Fixed(estimate.Trace, decimals)} ± {Figures.Fixed(estimate.StandardError, decimals)}";
        }

        double left = progress.Elapsed.TotalSeconds * (progress.Total - progress.Probes) / progress.Probes;
        return double.IsFinite(left) ? $"{line}, {Duration(left)} left" : line;
    }

    private static string Duration(double seconds) => seconds switch
    {
        < 90 => $"{Figures.Whole(Math.Ceiling(seconds))} s",
        < 5400 => $"{Figures.Whole(Math.Ceiling(seconds / 60))} min",
        _ => $"{Figures.Whole(Math.Ceiling(seconds / 3600))} h",
    };
}
