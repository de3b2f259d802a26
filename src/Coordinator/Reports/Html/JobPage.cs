using ActorHutch.Coordinator.Reports.Pictures;

namespace ActorHutch.Coordinator.Reports.Html;

/// <summary>A job's report as a page.</summary>
internal static class JobPage
{
    /// <summary>Writes it.</summary>
    /// <param name="report">What the job came to.</param>
    /// <param name="pictures">What is drawn of it.</param>
    public static string Write(Report report, IReadOnlyList<Picture> pictures)
    {
        string title = $"The {Terms.Quantity(report.Job.Spec)} of the {Terms.Matrix(report.Matrix)} of {report.Model?.Name ?? report.Job.Spec.Risk.Model}";
        var html = new HtmlText();
        html.Element("h1", title);
        html.Element("p", Summary(report), "class=\"muted\"");
        Result(html, report);
        Eigenvalues(html, report, pictures);
        bool isDiagonal = report.Job.Spec.Estimator.TellsDiagonal;
        if (report.Spectrum is null && report.Eigenvalues is null && !isDiagonal) html.Picture(pictures, "convergence", report.Job.Spec.Estimator.TakesTurns
            ? "The mean of each random vector's estimate of the trace so far, with its confidence band." : "The mean of vᵀHv over the probes so far, with its confidence band.");
        Spectrum(html, report, pictures);
        Blocks(html, report, pictures);
        Workers(html, report, pictures);
        Computed(html, report);
        html.Again(
            "actorhutch", report.Job, "report.json", ReportJson.Write(report),
            "gives the same bits: <code>report.json</code>, beside this page, has the whole job and the whole result; "
            + WithIt(report));
        return html.Versions(report.Versions).ToPage(title);
    }

    /// <summary>What other files have, as the end of a sentence.</summary>
    private static string WithIt(Report report) => report switch
    {
        { Job.Spec.Estimator.TellsDiagonal: true } => "<code>diagonal.safetensors</code> has the entries.",
        { Eigenvalues: not null } => "<code>eigenvalues.csv</code> has the eigenvalues.",
        { Spectrum: not null } => "<code>nodes.csv</code> has the nodes of every probe, <code>spectrum.csv</code> the curve.",
        { Job.Spec.Estimator.TakesTurns: true, Confidence: null } => "there are no other files.",
        { Job.Spec.Estimator.TakesTurns: true } => "<code>probes.csv</code> has each random vector's estimate of the trace.",
        _ => "<code>probes.csv</code> has the values of every probe.",
    };

    private static string Summary(Report report) =>
        $"{(report.IsExact ? "Exact," : report.Eigenvalues is not null ? "Found" : "Estimated")} from {Figures.Whole(report.Probes)} {Terms.Probes(report.Job.Spec, report.Probes)}";

    private static void Result(HtmlText html, Report report)
    {
        if (report.Trace is { } trace)
        {
            double error = report.StandardError ?? double.NaN;
            bool estimate = !report.IsExact && double.IsFinite(error);
            var notation = JobText.NotationOf(report, trace, error);
            html.Raw(estimate
                ? $"<div class=\"result\"><div class=\"number\">{notation.Write(trace)} <small>± {notation.Write(error)}</small></div></div>"
                : $"<div class=\"result\"><div class=\"number\">{JobText.Exact(report, trace)}</div></div>");
            html.Facts(
            [
                .. report.Spectrum is null && !report.Job.Spec.Estimator.TellsDiagonal ? [] : (IEnumerable<(string, string?)>)[("above", "the trace")],
                (report.Confidence is { } c ? $"{Terms.Percent(c.Level)} interval" : "",
                    report.Confidence is { } interval && double.IsFinite(interval.Low)
                        ? $"{notation.Write(interval.Low)} to {notation.Write(interval.High)}" : null),
                ("relative standard error", estimate ? Figures.Significant(100 * error / Math.Abs(trace), 2) + (report.BySample ? " %, by each sample's own probes" : " %") : null),
                ("float32", report.Rounding?.Text(trace)),
                ("seen", report.Part is { } part ? JobText.Seen(part) : null),
                .. JobText.Spectrum(report.Spectrum).Select(fact => ($"eigenvalues, {fact.Name}", (string?)fact.Text)),
                ("exact trace", !report.IsExact && report.ExactTrace is { } exact
                    ? notation.Significant(exact, 6) + (report.ExactDtype == report.Dtype ? "" : $", in {report.ExactDtype}") + (error > 0 ? $", {Figures.Fixed(Math.Abs(trace - exact) / error, 1)} standard errors away" : "")
                    : null),
                ("time", JobText.Time(report)),
            ]);
        }

        if (report.Eigenvalues is { } found)
        {
            html.Facts(
            [
                .. JobText.Eigenvalues(found).Select(fact => (fact.Name, (string?)fact.Text)),
                ("time", $"{Figures.Seconds(report.ElapsedSeconds)}, after {Figures.Seconds(report.SetupSeconds)} of set-up"),
            ]);
            if (!found.Converged) html.Element("p", StopText.Sentence(report), "class=\"note\"");
        }

        string? note = report.Error ?? (report.Interrupted ? StopText.Sentence(report) : null);
        if (note is not null) html.Element("p", note, "class=\"note\"");
        if (report.Rounding?.Advice is { } advice) html.Element("p", advice, "class=\"note\"");
    }

    private static void Eigenvalues(HtmlText html, Report report, IReadOnlyList<Picture> pictures)
    {
        if (report.Eigenvalues is not { } found) return;
        html.Element("h2", "Eigenvalues");
        html.Picture(pictures, "eigenvalues", "The eigenvalues that were found.");
        html.Table("Each eigenvalue with its residual ‖Hx − θx‖", ["eigenvalue", "residual"], JobText.Rows(found));
    }

    private static void Spectrum(HtmlText html, Report report, IReadOnlyList<Picture> pictures)
    {
        if (report.Spectrum is not { } spectrum) return;
        html.Element("h2", "Spectrum");
        if (spectrum.Damped.Count > 0) html.Table("With dampings λ: the effective dimension tr(H(H + λI)⁻¹) and the logarithm of the determinant", JobText.DampedColumns, JobText.Damped(spectrum));
        html.Picture(pictures, "spectrum", $"The density of the eigenvalues, smoothed with Gaussian kernels of a standard deviation of {Figures.Significant(spectrum.KernelWidth, 3)}.");
        if (spectrum.Blocks.Count == 0) return;
        html.Picture(pictures, "spectrum-blocks", "The density of the eigenvalues of diagonal blocks.");
        html.Table("The eigenvalues of each block", JobText.BlockSpectrumColumns, JobText.BlockSpectra(spectrum));
    }

    private static void Blocks(HtmlText html, Report report, IReadOnlyList<Picture> pictures)
    {
        if (report.Blocks.Count == 0) return;
        html.Element("h2", "Blocks");
        html.Picture(pictures, "blocks", BlockPicture.Caption(report.Blocks));
        bool estimate = report.Confidence is not null;
        bool exact = estimate && report.Blocks.Any(block => block.ExactTrace is not null);
        bool rounding = report.Blocks.Any(block => block.RoundingBound is not null);
        html.Table(
            "The trace of each parameter's block", ["block", .. JobText.BlockColumns(estimate, exact), .. rounding ? ["rounding below"] : Array.Empty<string>()],
            report.Blocks.Select(block => (IReadOnlyList<string>)
            [
                block.Name, .. JobText.BlockCells(block, estimate, exact),
                .. rounding ? [Figures.Exponential(block.RoundingBound ?? double.NaN, 2)] : Array.Empty<string>(),
            ]));
        BlockReport[] sensitive = [.. report.Blocks.Where(block => block.Average is not null).OrderByDescending(block => block.Average)];
        if (sensitive.Length == 0) return;
        html.Table(
            "The average trace per parameter: how sensitive the loss is to noise in a block's parameters, such as that of quantisation (HAWQ-V2), the most sensitive first",
            ["block", "parameters", "average trace", .. estimate ? ["standard error"] : Array.Empty<string>()],
            sensitive.Select(block =>
            {
                var notation = Notation.Of(block.Average!.Value, block.AverageError ?? double.NaN);
                return (IReadOnlyList<string>)
                [
                    block.Name, Figures.Whole(block.Parameters!.Value), notation.Write(block.Average.Value),
                    .. estimate ? [notation.Write(block.AverageError ?? double.NaN)] : Array.Empty<string>(),
                ];
            }));
    }

    private static void Workers(HtmlText html, Report report, IReadOnlyList<Picture> pictures)
    {
        if (report.Workers.Count == 0) return;
        html.Element("h2", "Workers");
        html.Picture(pictures, "timeline", "When each worker computed. A bar is one chunk where chunks are long enough to be visible.");
        html.Table(
            "What each worker did, and where its time went",
            ["worker", " device", "chunks", "probes", "share", "busy", "of it in float64", "idle", "transfer", "warm-up", "probes/s"],
            report.Workers.Select(worker => (IReadOnlyList<string>)
            [
                worker.Id, worker.Device, Figures.Whole(worker.Chunks), Figures.Whole(worker.Probes), Terms.Percent(Math.Round(worker.Share, 3)),
                Figures.Seconds(worker.BusySeconds), Figures.Seconds(worker.RoundingSeconds), Figures.Seconds(worker.IdleSeconds), Figures.Seconds(worker.TransferSeconds),
                Figures.Seconds(worker.WarmUpSeconds), Figures.Significant(worker.ProbesPerSecond, 3),
            ]));
        foreach (var worker in report.Workers.Where(worker => worker.Problem is not null))
            html.Element("p", $"{worker.Id}: {worker.Problem}.", "class=\"note\"");
        foreach (var pair in report.Disagreements)
            html.Element("p", $"{pair.First} and {pair.Second} disagree about {Terms.Chunk(pair.Chunk)}. A device may be faulty.", "class=\"note\"");
    }

    private static void Computed(HtmlText html, Report report)
    {
        html.Element("h2", "How it was computed");
        var chunks = report.Chunks;
        html.Facts(
        [
            .. PageFacts.Of(report.Model),
            .. PageFacts.Of(report.Job.Spec.Risk),
            ("number type", report.Dtype),
            ("matrix", $"{Terms.Matrix(report.Matrix)}, {Terms.Structure(report.Structure)}"),
            ("method", report.Method is null ? null : $"{report.Method}: {report.MethodReason}"),
            ("probes", $"{Figures.Whole(report.Probes)} {Terms.Probes(report.Job.Spec, report.Probes)}"),
            ("probes in a chunk", Figures.Whole(report.VBatch)),
            ("seed", report.Seed.ToString(System.Globalization.CultureInfo.InvariantCulture)),
            ("computed in float64 too", report.Rounding is { Probes: > 0 and var compared, Seconds: var seconds }
                ? $"{Figures.Count(compared, "probe")}, {Figures.Seconds(seconds)}" : null),
            ("stopped", StopText.Of(report)),
            .. PageFacts.Of(report.Run),
            ("start", Figures.Seconds(report.Run.StartSeconds)),
            ("set-up", Figures.Seconds(report.SetupSeconds)),
            ("job", Figures.Seconds(report.ElapsedSeconds)),
            ("of both, in earlier runs", report.Run.EarlierSeconds > 0 ? Figures.Seconds(report.Run.EarlierSeconds) : null),
            ("other jobs beside it", Figures.Seconds(report.OtherSeconds)),
        ]);
        html.Table(
            "What became of the chunks", ["completed", "issued again", "copies", "duplicates", "verified", "failed"],
            [[
                Figures.Whole(chunks.Completed), Figures.Whole(chunks.Reissued), Figures.Whole(chunks.Copies), Figures.Whole(chunks.Duplicates),
                Figures.Whole(chunks.Verified), Figures.Whole(chunks.Failed),
            ]]);
    }
}
