using ActorHutch.Coordinator.Actors;
using ActorHutch.Coordinator.Scheduling;
using ActorHutch.Shared.Jobs;
using Spectre.Console;

namespace ActorHutch.Coordinator.Reports;

/// <summary>A job for people: what runs, and what it came to.</summary>
internal sealed class JobText(IAnsiConsole console)
{
    private const int MostDisagreements = 10;
    private const int MostNamed = 5;

    /// <summary>What runs. Written when the first chunks are out.</summary>
    public void WriteHeader(JobState state, int threads)
    {
        var (spec, replica) = (state.Spec, state.Replica!);
        console.MarkupLineInterpolated($"[bold]The trace of the {Terms.Matrix(spec.Matrix)} of {replica.Model.Name}[/]");
        console.WriteLine();
        PlainFacts(
            ("model", $"{Figures.Count(replica.Model.Parameters, "parameter")}, "
                + $"{Figures.Count(replica.Model.Samples, "sample")}, {spec.Dtype.Word()}"),
            ("matrix", Terms.Matrix(spec)),
            ("method", $"{replica.Method.Word()} ({replica.MethodReason})"),
            ("probes", Probes(state)),
            ("runs on", RunsOn(state, threads)));
        console.WriteLine();
    }

    /// <summary>The estimate.</summary>
    /// <param name="report">The job's report.</param>
    /// <param name="result">What it came to.</param>
    /// <param name="exactNote">What to say in the exact trace's place where there is none.</param>
    /// <param name="tables">Whether its blocks and workers are wanted too.</param>
    public void WriteEstimate(Report report, JobResult result, string? exactNote, bool tables = true)
    {
        if (NothingToShow(result)) return;
        var facts = new List<(string, string)>();
        if (report.Trace is { } trace)
        {
            double error = report.StandardError!.Value;
            int decimals = Figures.DecimalsFor(error);
            facts.Add(("trace", double.IsFinite(error)
                ? $"[bold green]{Figures.Fixed(trace, decimals)} ± {Figures.Fixed(error, decimals)}[/]   (standard error, "
                    + $"{Figures.Count(report.Probes, "probe")})"
                : $"[bold green]{Figures.Significant(trace, 6)}[/]   (one probe, so there is no standard error)"));
            if (report.Confidence is { } interval && double.IsFinite(interval.Low))
            {
                facts.Add(($"{Figures.Significant(interval.Level * 100, 2)} %",
                    $"{Figures.Fixed(interval.Low, decimals)} to {Figures.Fixed(interval.High, decimals)}"));
            }

            if (report.ExactTrace is { } exact)
            {
                string away = error > 0 ? $"   ({Figures.Fixed(Math.Abs(trace - exact) / error, 1)} standard errors away)" : "";
                facts.Add(("exact", $"{Figures.Significant(exact, 6)}{away}"));
            }
            else if (exactNote is not null)
            {
                facts.Add(("exact", Markup.Escape(exactNote)));
            }
        }

        facts.Add(("time", Time(report)));
        if (StopNote(report, result) is { } note) facts.Add(("stopped", note));
        MarkedFacts([.. facts]);
        WriteTables(report, exactColumn: report.ExactTrace is not null, tables);
    }

    /// <summary>The exact trace.</summary>
    public void WriteExact(Report report, JobResult result, bool tables = true)
    {
        if (NothingToShow(result)) return;
        var facts = new List<(string, string)>();
        if (report.Trace is { } trace) facts.Add(("trace", $"[bold green]{Figures.Significant(trace, report.Dtype == "float32" ? 8 : 15)}[/]   (exact)"));
        facts.Add(("time", Time(report)));
        if (report.Interrupted) facts.Add(("stopped", "interrupted: an exact trace takes all basis vectors"));
        MarkedFacts([.. facts]);
        WriteTables(report, exactColumn: false, tables);
    }

    /// <summary>Says so where the job ended before its first chunk was out.</summary>
    private bool NothingToShow(JobResult result)
    {
        if (result.State.Probes > 0 && (result.Probes > 0 || result.Elapsed > TimeSpan.Zero)) return false;
        if (result.Outcome.End == JobEnd.Interrupted) console.WriteLine("Interrupted before anything was computed.");
        return true;
    }

    private void WriteTables(Report report, bool exactColumn, bool tables)
    {
        if (tables && report.Blocks.Count > 0)
        {
            console.WriteLine();
            BlockTable(report, exactColumn).WriteTo(console);
        }

        if (tables)
        {
            console.WriteLine();
            WorkerTables.Write(console, report.Workers);
        }

        foreach (string line in Notes(report)) console.MarkupLineInterpolated($"[yellow]{line}[/]");
    }

    private static RuledTable BlockTable(Report report, bool exactColumn)
    {
        bool estimate = report.Confidence is not null;
        var table = new RuledTable().Words("block").Numbers("trace");
        if (estimate) table.Numbers("standard error");
        if (exactColumn) table.Numbers("exact");
        foreach (var block in report.Blocks)
        {
            int decimals = estimate ? Figures.DecimalsFor(block.StandardError ?? double.NaN) : 6;
            string[] cells = [block.Name, Figures.Fixed(block.Trace, decimals)];
            if (estimate) cells = [.. cells, Figures.Fixed(block.StandardError ?? double.NaN, decimals)];
            if (exactColumn) cells = [.. cells, Figures.Significant(block.ExactTrace ?? double.NaN, 6)];
            table.AddRow(cells);
        }

        return table;
    }

    private static IEnumerable<string> Notes(Report report)
    {
        var chunks = report.Chunks;
        if (chunks.Reissued + chunks.Failed + chunks.Duplicates > 0)
        {
            yield return $"{Figures.Count(chunks.Reissued, "chunk")} issued again, {Figures.Count(chunks.Failed, "failure")}, "
                + $"{Figures.Count(chunks.Duplicates, "duplicate result")}.";
        }

        if (chunks.Disagreements > 0)
        {
            yield return $"{Figures.Count(chunks.Disagreements, "duplicate")} differed from the first result: a device "
                + "may be faulty.";
            foreach (var pair in report.Disagreements.Take(MostDisagreements))
                yield return $"Chunk {Figures.Whole(pair.Chunk)}: {pair.First} and {pair.Second} disagree.";
        }

        if (chunks.Verified + chunks.Unverified > 0)
        {
            yield return $"{Figures.Count(chunks.Verified, "chunk")} verified by a second worker"
                + (chunks.Unverified > 0 ? $", {Figures.Whole(chunks.Unverified)} not, for want of one of its kind." : ".");
        }

        foreach (var worker in report.Workers.Where(worker => worker.Problem is not null))
            yield return $"{worker.Id}: {worker.Problem!.TrimEnd('.')}.";

        var roundings = report.Workers.Where(worker => worker is { Chunks: > 0, Bits: not null }).ToLookup(worker => worker.Bits);
        if (roundings.Count < 2) yield break;
        yield return "The workers round differently, so the last bits depend on who computed what:";
        foreach (var alike in roundings)
        {
            string names = string.Join(", ", alike.Select(worker => worker.Id).Distinct().Take(MostNamed));
            yield return $"  {names}{(alike.Count() > MostNamed ? ", …" : "")}: {alike.First().Kind}.";
        }
    }

    private static string? StopNote(Report report, JobResult result) => result.Outcome.End switch
    {
        JobEnd.TargetReached => $"the interval's half-width is within {Figures.Significant(result.Spec.RelativeError!.Value * 100, 3)} % "
            + $"of the trace, after {Figures.Count(report.Probes, "probe")}",
        JobEnd.Completed when result.Spec.RelativeError is { } error =>
            $"after all {Figures.Count(report.Probes, "probe")}; the interval is still wider than "
            + $"{Figures.Significant(error * 100, 3)} % of the trace",
        JobEnd.Interrupted => $"interrupted after {Figures.Whole(report.Probes)} of {Figures.Count(result.State.Probes, "probe")}",
        _ => null,
    };

    private static string Probes(JobState state)
    {
        var spec = state.Spec;
        string space = $"in {spec.ProbeSpace.Word()} space";
        return spec.Kind == JobKind.Exact
            ? $"{Figures.Count(state.Probes, "basis vector")} {space}, V_batch {Figures.Whole(spec.ChunkSize)}"
            : $"{(spec.RelativeError is null ? "" : "at most ")}{Figures.Whole(state.Probes)} {Terms.Distribution(spec.Distribution)} {space}, "
                + $"V_batch {Figures.Whole(spec.ChunkSize)}, seed {spec.Seed}";
    }

    private static string RunsOn(JobState state, int threads)
    {
        var devices = state.Workers.Values
            .Where(worker => worker.Present || state.PresentWorkers == 0)
            .CountBy(worker => worker.Device)
            .Select(device => $"{Figures.Count(device.Value, "worker")} on {device.Key}");
        return $"{string.Join(", ", devices)}, {Figures.Count(threads, "thread")} each";
    }

    private static string Time(Report report) =>
        $"{Figures.Seconds(report.ElapsedSeconds)}, after {Figures.Seconds(report.SetupSeconds)} of set-up";

    private void PlainFacts(params (string Name, string Text)[] facts) =>
        MarkedFacts([.. facts.Select(fact => (fact.Name, Markup.Escape(fact.Text)))]);

    private void MarkedFacts(params (string Name, string Markup)[] facts) => console.Write(Facts.Of(facts));
}
