using ActorHutch.Coordinator.Actors;
using ActorHutch.Coordinator.Reports;
using ActorHutch.Curvature.Estimation;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace ActorHutch.Coordinator.CommandLine.Live;

/// <summary>How far a job is: a bar, what is known so far, and its workers.</summary>
internal static class ProgressPanel
{
    private const int Indent = 2;

    /// <summary>Beyond this, a bar says no more.</summary>
    private const int MostColumns = 76;

    /// <summary>The view, for a terminal of a size.</summary>
    public static IRenderable Of(string? title, JobProgress progress, Size size)
    {
        var rows = new List<IRenderable>();
        if (title is not null) rows.Add(new Padder(new Text(title, new Style(decoration: Decoration.Bold)), new Padding(Indent, 0, 0, 0)));
        rows.Add(Bar(progress.Share, Math.Min(size.Width - Indent, MostColumns)));
        rows.Add(Text.Empty);
        (string, string)[] facts = [.. Known(progress, size.Width >= WorkerLines.Wide)];
        rows.Add(Facts.Of(facts));
        if (progress.State is { Workers.IsEmpty: false } state)
        {
            rows.Add(Text.Empty);
            rows.Add(WorkerLines.Of(state, size, rows.Count + facts.Length));
        }

        return new Rows(rows);
    }

    private static IEnumerable<(string, string)> Known(JobProgress progress, bool wide)
    {
        string rate = wide && progress.Probes > 0 ? $"   [grey]{Figures.Significant(progress.ProbesPerSecond, 3)}/s[/]" : "";
        string most = progress.IsOpenEnded ? ", at most " : " of ";
        yield return ("done", $"{Figures.Whole(progress.Probes)}{most}{Figures.Count(progress.Total, progress.Unit)}{rate}");
        if (progress.Eigenvalues is { } found) yield return ("found", JobText.Residuals(found));
        if (progress.Estimate is { } estimate && double.IsFinite(estimate.StandardError))
        {
            yield return ("trace", $"[bold green]{Notation.WithError(estimate.Trace, estimate.StandardError)}[/]");
            if (progress.State?.Spec.Target is { } target) yield return ("target", Target(estimate, target));
        }

        string left = double.IsFinite(progress.SecondsLeft) ? $"{Durations.Text(progress.SecondsLeft)} left, " : "";
        yield return ("time", $"{left}{Durations.Text(progress.Elapsed.TotalSeconds)} so far");
    }

    /// <summary>The half-width that the interval has, and the one that ends the job, as shares of the trace.</summary>
    private static string Target(TraceEstimate estimate, double target)
    {
        double share = (estimate.Confidence.High - estimate.Confidence.Low) / 2 / Math.Abs(estimate.Trace);
        return $"± {Figures.Significant(share * 100, 2)} % of the trace, to be ± {Figures.Significant(target * 100, 2)} %";
    }

    /// <summary>Heavy where it is done and light where it is not, which needs no colour to be seen.</summary>
    private static Markup Bar(double share, int columns)
    {
        string percent = $"{Math.Floor(share * 100),4:0} %";
        int length = Math.Max(columns - percent.Length, 1);
        int done = (int)(length * share);
        return new Markup(
            $"{new string(' ', Indent)}[green]{new string('━', done)}[/][grey]{new string('─', length - done)}[/]{percent}")
        {
            Overflow = Overflow.Crop,
        };
    }
}
