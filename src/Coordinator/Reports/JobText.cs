using ActorHutch.Coordinator.Scheduling;
using ActorHutch.Curvature.Eigenvalues;
using ActorHutch.Curvature.Estimation;
using ActorHutch.Shared.Jobs;
using Spectre.Console;

namespace ActorHutch.Coordinator.Reports;

/// <summary>A job for people: what runs, and what it came to.</summary>
internal sealed class JobText(IAnsiConsole console)
{
    private const int MostDisagreements = 10;
    private const int MostNamed = 5;

    private const int SingleDigits = 8, DoubleDigits = 15, BlockDigits = 7, EigenvalueDigits = 10;

    /// <summary>What runs. Written when the first chunks are out.</summary>
    public void WriteHeader(JobState state, int threads)
    {
        var (spec, replica) = (state.Spec, state.Replica!);
        console.MarkupLineInterpolated($"[bold]The {Terms.Quantity(spec)} of the {Terms.Matrix(spec.Matrix)} of {replica.Model.Name}[/]");
        console.WriteLine();
        PlainFacts(
            ("model", $"{Figures.Count(replica.Model.Parameters, "parameter")}, "
                + $"{Figures.Count(replica.Model.Samples, "sample")}, {spec.Dtype.Word()}"),
            ("loss", replica.Model.Loss?.ToString() ?? "not said in the state directory"),
            ("matrix", Terms.Matrix(spec)),
            ("method", $"{replica.Method.Word()} ({replica.MethodReason})"),
            ("probes", Probes(state)),
            ("runs on", RunsOn(state, threads)));
        console.WriteLine();
    }

    /// <summary>What it came to.</summary>
    /// <param name="report">The job's report.</param>
    /// <param name="result">The job.</param>
    /// <param name="exactNote">What to say in the exact trace's place where there is none beside an estimate.</param>
    /// <param name="tables">Whether its blocks and workers are wanted too.</param>
    public void WriteResult(Report report, JobResult result, string? exactNote, bool tables = true)
    {
        if (NothingToShow(result)) return;
        MarkedFacts(
        [
            .. report.Trace is { } trace ? report.IsExact ? Exact(trace) : Estimate(trace) : [],
            .. report.Job.Spec.Estimator.TellsDiagonal && report.Job.Run.Out is null ? [("entries", "written with --out DIR")] : Array.Empty<(string, string)>(),
            .. Eigenvalues(report.Eigenvalues).Select(fact => (fact.Name, Markup.Escape(fact.Text))),
            ("time", Time(report)),
            // An error was said as such.
            .. StopText.IsNotable(report) && report.StopReason != StopReasons.Failed ? [("stopped", StopText.Of(report))] : Array.Empty<(string, string)>(),
        ]);
        WriteTables(report, exactColumn: !report.IsExact && report.ExactTrace is not null, tables);

        IEnumerable<(string, string)> Exact(double trace)
        {
            string exact = report.Rounding is { NeedsFloat64: true } ? "exact but for rounding" : "exact";
            yield return ("trace", $"[bold green]{JobText.Exact(report, trace)}[/]   ({exact})");
            if (report.Rounding is { } rounding) yield return ("float32", Markup.Escape(rounding.Text(trace)));
        }

        IEnumerable<(string, string)> Estimate(double trace)
        {
            double error = report.StandardError!.Value;
            var notation = NotationOf(report, trace, error);
            yield return ("trace", double.IsFinite(error)
                ? $"[bold green]{notation.Write(trace)} ± {notation.Write(error)}[/]   (standard error{(report.BySample ? " by sample" : "")}, "
                    + $"{Figures.Count(report.Probes, report.Job.Spec.Estimator.Unit)})"
                : $"[bold green]{Figures.Significant(trace, 6)}[/]   (one {report.Job.Spec.Estimator.Unit}, so there is no standard error)");
            if (report.Part is { } part) yield return ("seen", Seen(part));
            if (report.Confidence is { } interval && double.IsFinite(interval.Low)) yield return Interval(interval, notation);
            foreach (var fact in Spectrum(report.Spectrum)) yield return fact;
            if (report.Rounding is { } rounding) yield return ("float32", Markup.Escape(rounding.Text(trace)));
            if (report.ExactTrace is { } exact)
            {
                string?[] notes =
                [
                    report.ExactDtype == report.Dtype ? null : $"in {report.ExactDtype}",
                    error > 0 ? $"{Figures.Fixed(Math.Abs(trace - exact) / error, 1)} standard errors away" : null,
                ];
                string beside = string.Join(", ", notes.OfType<string>());
                yield return ("exact", notation.Significant(exact, 6) + (beside.Length > 0 ? $"   ({beside})" : ""));
            }
            else if (exactNote is not null)
            {
                yield return ("exact", Markup.Escape(exactNote));
            }
        }
    }

    /// <summary>How many samples an estimate from a part of them has seen.</summary>
    public static string Seen(SeenPart part) =>
        $"{Figures.Whole(part.Samples)} of {Figures.Count(part.OfSamples, "sample")}{(part.Samples < part.OfSamples ? ", for the trace of all of them" : "")}";

    /// <summary>What is known of the eigenvalues, by names; nothing where nothing is.</summary>
    public static IEnumerable<(string Name, string Text)> Spectrum(SpectrumReport? spectrum)
    {
        if (spectrum is null) yield break;
        yield return ("range", $"{Figures.Significant(spectrum.Least, 6)} to {Figures.Significant(spectrum.Greatest, 6)}   (outermost nodes)");
        yield return ("below 0", $"{Share(spectrum.NegativeShare)}, by more than {Figures.Significant(spectrum.KernelWidth, 3)}");
        yield return ("‖H‖_F", Norm(spectrum));
        yield return ("rank", $"{Number(spectrum.StableRank)}   (stable: ‖H‖²_F over the largest eigenvalue's square)");
    }

    /// <summary>The columns of <see cref="BlockSpectra"/>.</summary>
    public static IReadOnlyList<string> BlockSpectrumColumns { get; } = ["block", "smallest node", "largest node", "below 0", "‖H‖_F", "stable rank"];

    /// <summary>What is known of the eigenvalues of each block.</summary>
    public static IEnumerable<IReadOnlyList<string>> BlockSpectra(SpectrumReport spectrum) => spectrum.Blocks.Select(block => (IReadOnlyList<string>)
    [
        block.Name, Figures.Significant(block.Least, 4), Figures.Significant(block.Greatest, 4), Percentage(block.NegativeShare), Norm(block), Number(block.StableRank),
    ]);

    private static string Share(SpectralNumber share) => $"{Percentage(share)} of the eigenvalues";

    private static string Percentage(SpectralNumber share) => $"{Number(new SpectralNumber(100 * share.Value, 100 * share.StandardError))} %";

    private static string Norm(MatrixSpectrumReport spectrum)
    {
        double norm = Math.Sqrt(spectrum.SquaredNorm.Value);
        return Number(new SpectralNumber(norm, spectrum.SquaredNorm.StandardError / (2 * norm)));
    }

    /// <summary>The columns of <see cref="Damped"/>.</summary>
    public static IReadOnlyList<string> DampedColumns { get; } = ["λ", "effective dimension", "log det(H + λI)"];

    /// <summary>What the matrix is like with dampings.</summary>
    public static IEnumerable<IReadOnlyList<string>> Damped(SpectrumReport spectrum) => spectrum.Damped.Select(damped => (IReadOnlyList<string>)
        [Figures.Significant(damped.Damping, 2), Number(damped.EffectiveDimension), Number(damped.LogDeterminant)]);

    private static string Number(SpectralNumber number) => double.IsFinite(number.StandardError) && number.StandardError > 0
        ? Notation.WithError(number.Value, number.StandardError)
        : Figures.Significant(number.Value, 5);

    /// <summary>How far a search for eigenvalues is.</summary>
    public static string Residuals(EigenvalueEstimate found) =>
        $"residuals at most {Figures.Significant(found.Values.Max(value => value.Residual), 2)}, to be {Figures.Significant(found.Tolerance, 2)}";

    /// <summary>How well the eigenvalues are known, by names; nothing where there are none.</summary>
    public static IEnumerable<(string Name, string Text)> Eigenvalues(EigenvaluesReport? found)
    {
        if (found is null) yield break;
        yield return ("error", found.Measured
            ? $"each is within {Figures.Significant(found.Bound, 2)} of one of the matrix's, one to one"
            : $"not measured; by the recurrence, residuals of at most {Figures.Significant(found.Values.Max(value => value.Residual), 2)}");
    }

    /// <summary>Eigenvalues and their residuals, with the digits that these leave them.</summary>
    public static IEnumerable<IReadOnlyList<string>> Rows(EigenvaluesReport found) => found.Values.Select(value => (IReadOnlyList<string>)
    [
        Figures.Significant(value.Value, Digits(value)), Figures.Exponential(value.Residual, 2),
    ]);

    /// <summary>Two more than the residual leaves certain.</summary>
    private static int Digits(Eigenvalue value) => value.Residual > 0 && value.Value != 0
        ? (int)Math.Clamp(2 + Math.Floor(Math.Log10(Math.Abs(value.Value) / value.Residual)), 1, EigenvalueDigits)
        : EigenvalueDigits;

    /// <summary>How an estimate and its interval are written: by its standard error, or by rounding where it has none.</summary>
    public static Notation NotationOf(Report report, double trace, double error) => Notation.Of(
        error > 0 ? error : report.Rounding?.Bound ?? error, [trace, error, report.Confidence?.Low ?? trace, report.Confidence?.High ?? trace]);

    /// <summary>The columns of a block's trace: its error and its exact value where there are such.</summary>
    public static IReadOnlyList<string> BlockColumns(bool estimate, bool exact) =>
        ["trace", .. estimate ? ["standard error"] : Array.Empty<string>(), .. exact ? ["exact"] : Array.Empty<string>()];

    /// <summary>What <see cref="BlockColumns"/> say, in one notation.</summary>
    public static IReadOnlyList<string> BlockCells(BlockReport block, bool estimate, bool exact)
    {
        if (!estimate) return [Exact(block)];
        double error = block.StandardError ?? double.NaN;
        var notation = Notation.Of(block.Trace, error);
        return
        [
            notation.Write(block.Trace), notation.Write(error),
            .. exact ? [notation.Significant(block.ExactTrace ?? double.NaN, 6)] : Array.Empty<string>(),
        ];
    }

    /// <summary>An exact trace, with the digits that rounding leaves it.</summary>
    public static string Exact(Report report, double trace) =>
        Exact(trace, report.Rounding?.Bound, report.Dtype == Dtype.Float32.Word() ? SingleDigits : DoubleDigits);

    /// <summary>An exact trace of a block.</summary>
    public static string Exact(BlockReport block) => Exact(block.Trace, block.RoundingBound, BlockDigits);

    private static string Exact(double trace, double? rounding, int most)
    {
        if (rounding is not { } bound || bound <= 0 || trace == 0) return Figures.Significant(trace, most);
        return Figures.Magnitude(trace) - Figures.Magnitude(bound) + 2 < most ? Notation.Of(trace, bound).Write(trace) : Figures.Significant(trace, most);
    }

    /// <summary>The interval under its level, or beside it where that is too long for a name.</summary>
    private static (string Name, string Text) Interval(ConfidenceReport interval, Notation notation)
    {
        string level = Terms.Percent(interval.Level);
        string ends = $"{notation.Write(interval.Low)} to {notation.Write(interval.High)}";
        return level.Length <= Facts.NameColumns ? (level, ends) : ("within", $"{ends}   ({level})");
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
        if (report.Eigenvalues is { } eigenvalues) WriteTable(["eigenvalue", "residual"], Rows(eigenvalues));
        if (tables && report.Spectrum is { Damped.Count: > 0 } spectrum) WriteTable(DampedColumns, Damped(spectrum));

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

    private void WriteTable(IReadOnlyList<string> columns, IEnumerable<IReadOnlyList<string>> rows)
    {
        console.WriteLine();
        var table = new RuledTable().Numbers([.. columns]);
        foreach (var row in rows) table.AddRow([.. row]);
        table.WriteTo(console);
    }

    private static RuledTable BlockTable(Report report, bool exactColumn)
    {
        bool estimate = report.Confidence is not null;
        var table = new RuledTable().Words("block").Numbers([.. BlockColumns(estimate, exactColumn)]);
        foreach (var block in report.Blocks) table.AddRow([block.Name, .. BlockCells(block, estimate, exactColumn)]);
        return table;
    }

    private static IEnumerable<string> Notes(Report report)
    {
        if (report.Rounding?.Advice is { } advice) yield return advice;
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
                yield return $"{pair.First} and {pair.Second} disagree about {Terms.Chunk(pair.Chunk)}.";
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
        yield return "The workers round differently, so the last bits of the result depend on which worker computed which chunk:";
        foreach (var alike in roundings)
        {
            string names = string.Join(", ", alike.Select(worker => worker.Id).Distinct().Take(MostNamed));
            yield return $"  {names}{(alike.Count() > MostNamed ? ", …" : "")}: {alike.First().Kind}.";
        }
    }

    private static string Probes(JobState state)
    {
        var spec = state.Spec;
        string most = spec.Target is null ? "" : "at most ";
        string seed = spec.Estimator.IsExact ? "" : $", seed {spec.Seed}";
        string batch = spec.Estimator.TakesPart ? "" : $", V_batch {Figures.Whole(spec.ChunkSize)}";
        return $"{most}{Figures.Whole(state.Units)} {Terms.Probes(spec, state.Units)}{batch}{seed}";
    }

    private static string RunsOn(JobState state, int threads)
    {
        var devices = state.Workers.Values
            .Where(worker => worker.Present || state.PresentWorkers == 0)
            .CountBy(worker => worker.Device)
            .Select(device => $"{Figures.Count(device.Value, "worker")} on {device.Key}");
        return $"{string.Join(", ", devices)}, {Figures.Count(threads, "thread")} each";
    }

    /// <summary>What it took.</summary>
    public static string Time(Report report) =>
        $"{Figures.Seconds(report.ElapsedSeconds)}, after {Figures.Seconds(report.SetupSeconds)} of set-up; {Figures.Seconds(report.Run.TotalSeconds)} in all";

    private void PlainFacts(params (string Name, string Text)[] facts) =>
        MarkedFacts([.. facts.Select(fact => (fact.Name, Markup.Escape(fact.Text)))]);

    private void MarkedFacts(params (string Name, string Markup)[] facts) => console.Write(Facts.Of(facts));
}
