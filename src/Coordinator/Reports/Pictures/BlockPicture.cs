using ScottPlot;

namespace ActorHutch.Coordinator.Reports.Pictures;

/// <summary>Each block's trace with its error bar, one below the other in the model's order.</summary>
internal static class BlockPicture
{
    private const int UsualRows = 24;
    private const int RowHeight = 34;
    private const int LowestRow = 18;

    /// <summary>Of all blocks' absolute traces: one with so much has a row, however many there are.</summary>
    private const double SmallShare = 0.01;

    private const int MostHeight = 1250;
    private const int AxisHeight = 56;

    /// <summary>Draws it; null where blocks are not told apart.</summary>
    public static Picture? Draw(Report report)
    {
        if (report.Blocks.Count == 0) return null;
        var blocks = Rows(report.Blocks);
        bool estimate = report.Confidence is not null;
        bool exact = blocks.Any(block => block.ExactTrace is not null);
        // Student's t, as for the trace: all blocks rest on the same probes.
        double factor = report is { Confidence: { } interval, StandardError: > 0 and var error }
            ? ((interval.High - interval.Low) / 2 - (report.Rounding?.Bound ?? 0)) / error : 1;
        if (!double.IsFinite(factor)) factor = 1;

        int row = Math.Clamp(MostHeight / blocks.Count, LowestRow, RowHeight);
        var plot = PictureStyle.NewPlot();
        double[] shown = [.. blocks.SelectMany(block => (double?[])
        [
            block.Trace - HalfWidth(block, factor), block.Trace + HalfWidth(block, factor), block.ExactTrace,
        ]).OfType<double>().Where(double.IsFinite)];
        // From zero on: how large a block's share is can be seen, and which way it curves.
        var (low, high) = PictureText.Padded(Math.Min(shown.Min(), 0), Math.Max(shown.Max(), 0));
        if (shown.Min() >= 0) low = 0;
        else plot.Add.VerticalLine(0, 1, PictureStyle.AxisLine);
        for (int b = 0; b < blocks.Count; b++)
            DrawRow(plot, blocks[b], blocks.Count - 1 - b, factor, estimate, Math.Min(row / 2f, 11));

        plot.Axes.SetLimitsX(low, high);
        RowLabels.Set(plot, plot.Axes.Left, [.. blocks.Select(block => block.Name)], 1);
        RowLabels.Set(plot, plot.Axes.Right, [.. blocks.Select(block => Value(block, estimate))], 1);
        plot.XLabel("trace");
        return new Picture("blocks", "The trace of each block", PictureText.Subtitle(report), Describe(report))
        {
            BodyHeight = AxisHeight + Math.Max(row * blocks.Count, RowHeight * 3 / 2),
            Legend = Legend(estimate, exact, report.Confidence?.Level),
            Panels = [new Panel(plot)],
        };
    }

    /// <summary>What it shows.</summary>
    public static string Caption(IReadOnlyList<BlockReport> blocks) => "Each parameter's diagonal block, in the model's order"
        + (Rows(blocks).Count == blocks.Count ? "." : "; the smallest together at the end, with the most that their sum's standard error can be.");

    /// <summary>
    /// The blocks, each with a row: of many, those with the largest traces, and the others' sum in one more. How these vary together is
    /// not known, so the sum's standard error is the sum of theirs, which is the most that it can be.
    /// </summary>
    public static IReadOnlyList<BlockReport> Rows(IReadOnlyList<BlockReport> blocks)
    {
        if (blocks.Count <= UsualRows) return blocks;
        double least = SmallShare * blocks.Sum(block => Math.Abs(block.Trace));
        int count = Math.Max(UsualRows - 1, blocks.Count(block => Math.Abs(block.Trace) >= least));
        var shown = blocks.OrderByDescending(block => Math.Abs(block.Trace)).Take(count).ToHashSet(ReferenceEqualityComparer.Instance);
        BlockReport[] small = [.. blocks.Where(block => !shown.Contains(block))];
        return small.Length == 0 ? blocks :
        [
            .. blocks.Where(shown.Contains),
            new BlockReport(
                $"{Figures.Count(small.Length, "smaller block")}", small.Sum(block => block.Trace), small.Sum(block => block.StandardError),
                small.All(block => block.ExactTrace is not null) ? small.Sum(block => block.ExactTrace) : null,
                small.All(block => block.RoundingBound is not null) ? small.Sum(block => block.RoundingBound) : null),
        ];
    }

    private static double HalfWidth(BlockReport block, double factor) =>
        factor * (block.StandardError ?? 0) + (block.RoundingBound ?? 0);

    private static void DrawRow(Plot plot, BlockReport block, double y, double factor, bool estimate, float size)
    {
        if (estimate)
        {
            double half = HalfWidth(block, factor);
            if (double.IsFinite(half) && half > 0)
            {
                var bar = plot.Add.Line(block.Trace - half, y, block.Trace + half, y);
                bar.LineColor = PictureStyle.Estimate;
                bar.LineWidth = 2.5f;
            }

            plot.Add.Marker(block.Trace, y, MarkerShape.FilledCircle, size, PictureStyle.Estimate);
        }

        if (block.ExactTrace is not { } exact) return;
        var tick = plot.Add.Line(exact, y - 0.3, exact, y + 0.3);
        tick.LineColor = PictureStyle.Exact;
        tick.LineWidth = 3;
    }

    private static LegendEntry[] Legend(bool estimate, bool exact, double? level) =>
    [
        .. estimate
            ? [new LegendEntry(LegendShape.PointWithBar, PictureStyle.Estimate, $"estimate, {Terms.Percent(level!.Value)} interval")]
            : Array.Empty<LegendEntry>(),
        .. exact ? [new LegendEntry(LegendShape.Tick, PictureStyle.Exact, "exact")] : Array.Empty<LegendEntry>(),
    ];

    private static string Value(BlockReport block, bool estimate) =>
        estimate ? Notation.WithError(block.Trace, block.StandardError ?? double.NaN) : JobText.Exact(block);

    private static string Describe(Report report) =>
        $"The traces of {Figures.Count(report.Blocks.Count, "block")}, one a row"
        + (report.Confidence is null ? ". " : ", each with its confidence interval. ")
        + string.Join("; ", report.Blocks.OrderByDescending(block => Math.Abs(block.Trace)).Take(12).Select(block =>
            $"{block.Name}: {Value(block, report.Confidence is not null)}"
            + (report.Confidence is not null && block.ExactTrace is { } exact ? $", exact {Figures.Significant(exact, 6)}" : "")))
        + (report.Blocks.Count > 12 ? "; and smaller ones, which the table lists." : ".");
}
