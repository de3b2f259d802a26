using ActorHutch.Coordinator.Reports;
using ActorHutch.Coordinator.Reports.Pictures;
using ActorHutch.Coordinator.Scheduling;
using ActorHutch.Fakes;

namespace ActorHutch.Coordinator.Tests.Reports.Pictures;

public class PictureTests
{
    private static readonly Report Sample = SampleReport.Of(100);

    public static TheoryData<string> Names => ["convergence", "blocks", "timeline", "accuracy", "compare"];

    [Theory]
    [MemberData(nameof(Names))]
    public void It_has_its_size_and_a_title_and_is_the_same_each_time(string name)
    {
        var picture = Draw(name);
        using var drawn = new Drawn(picture);

        Assert.Equal((picture.Width * 2, picture.Height * 2), (drawn.Bitmap.Width, drawn.Bitmap.Height));
        Assert.InRange(drawn.Inked(20, 18, 300, 40), 500, 20_000);
        Assert.Equal(picture.ToPng(), Draw(name).ToPng());
        Assert.Equal(picture.ToPng(), picture.ToPng());
        Assert.Equal(picture.ToSvg().ToString(), Draw(name).ToSvg().ToString());
        Assert.NotEqual("", picture.Description);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Text_is_drawn_in_the_programs_own_typeface(string name)
    {
        var picture = Draw(name);
        using var drawn = new Drawn(picture);

        // What the machine has does not matter: the typefaces are made of the program's own bytes.
        Assert.Same(PictureFont.Regular, ScottPlot.Fonts.GetTypeface(PictureFont.Name, bold: false, italic: false));
        Assert.Same(PictureFont.SemiBold, ScottPlot.Fonts.GetTypeface(PictureFont.Name, bold: true, italic: false));
        var plot = picture.Panels[0].Plot;
        Assert.All(
            [.. plot.Axes.GetAxes().SelectMany(axis => (ScottPlot.LabelStyle[])[axis.Label, axis.TickLabelStyle])],
            label => Assert.Equal(PictureFont.Name, label.FontName));
        // The label below the axis, in the middle; a glyph that is missing would be a box of few pixels.
        int middle = (int)plot.LastRender.DataRect.HorizontalCenter;
        Assert.InRange(drawn.Inked(middle - 60, picture.Height - 34, middle + 60, picture.Height - 8), 200, 4_000);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void The_typeface_has_every_letter_that_pictures_use(string name)
    {
        var picture = Draw(name);
        string text = string.Concat(picture.Legend.Select(entry => entry.Text).Append(picture.Title).Append(picture.Subtitle)) + "0123456789.,−±√σµ…·% /";

        Assert.All(text.EnumerateRunes(), rune => Assert.NotEqual(0, PictureFont.Regular.GetGlyph(rune.Value)));
        Assert.All(picture.Title.EnumerateRunes(), rune => Assert.NotEqual(0, PictureFont.SemiBold.GetGlyph(rune.Value)));
    }

    [Fact]
    public void The_exact_value_is_a_blue_line_and_the_estimate_an_orange_one_in_its_band()
    {
        var picture = ConvergencePicture.Draw(Sample, SampleReport.Record(100))!;
        using var drawn = new Drawn(picture);

        // Left of the curve's end, where the estimate is somewhere else.
        var curve = RunningEstimates.Of(SampleReport.Values(100), 0.95, 0, [20, 40, 60, 80, 100]);
        foreach (var point in curve)
        {
            double x = Math.Log10(point.Probes);
            Assert.Equal(PictureStyle.Estimate, drawn.At(x, point.Trace));
            double band = (point.Confidence.High + Math.Max(point.Trace, FakeQuadraticForm.Trace)) / 2;
            Assert.True(IsTinted(drawn.At(x - 0.011, band)), "the band");
            Assert.True(IsPaper(drawn.At(x - 0.011, point.Confidence.High + 0.15)), "above the band");
        }

        double far = curve.MaxBy(point => Math.Abs(point.Trace - FakeQuadraticForm.Trace))!.Probes;
        Assert.Equal(PictureStyle.Exact, drawn.At(Math.Log10(far), FakeQuadraticForm.Trace));
        Assert.Contains(picture.Legend, entry => entry.Text == "exact 12.0000");
    }

    [Fact]
    public void Without_an_exact_value_nothing_is_blue()
    {
        var report = SampleReport.Of(100, exact: null);

        foreach (var picture in (Picture[])[ConvergencePicture.Draw(report, SampleReport.Record(100))!, BlockPicture.Draw(report)!])
        {
            Assert.DoesNotContain(picture.Legend, entry => entry.Color == PictureStyle.Exact);
            Assert.DoesNotContain(PictureStyle.Exact.ToHex(), picture.ToSvg().ToString(), StringComparison.OrdinalIgnoreCase);
        }
    }

    [Fact]
    public void Estimates_of_several_seeds_are_orange_dashes_about_a_blue_line()
    {
        var report = SampleComparisons.Accuracy();
        var picture = AccuracyPicture.Draw(report)!;
        using var drawn = new Drawn(picture);

        Assert.Equal((report.Points[0].Probes, report.Points[^1].Probes), (10, 400));
        double left = Math.Log10(10), right = Math.Log10(400);
        // The line goes over all of the estimates, from one end to the other.
        Assert.All(Between(left, right), x => Assert.Equal(PictureStyle.Exact, drawn.At(x, FakeQuadraticForm.Trace)));
        foreach (var run in report.Runs)
        {
            // Along one straight piece of each run, some is drawn and some is left out: it is dashed.
            var (from, to) = (run.Estimates[0], run.Estimates[1]);
            var along = Between(Math.Log10(from.Probes), Math.Log10(to.Probes)).Select(x => drawn.At(
                x, from.Trace + (to.Trace - from.Trace) * (x - Math.Log10(from.Probes)) / Math.Log10((double)to.Probes / from.Probes))).ToArray();
            Assert.Contains(along, IsOrange);
            Assert.Contains(along, color => !IsOrange(color));
        }

        Assert.Equal(["exact 12.0000, ± 2 σ/√V", "estimates, 3 seeds"], picture.Legend.Select(entry => entry.Text));
        Assert.Equal(("number of probes V", "trace"), (picture.Panels[0].Plot.Axes.Bottom.Label.Text, picture.Panels[0].Plot.Axes.Left.Label.Text));
    }

    [Fact]
    public void Contenders_are_bars_of_their_methods_colours_as_long_as_they_are_fast()
    {
        var picture = ComparePicture.Draw(SampleComparisons.Compare())!;
        using var drawn = new Drawn(picture);

        // Three have figures; from the top row down, on logarithmic axes.
        (double Speed, double Seconds, int Color)[] rows = [(100, 10, 5), (1_000, 0.5, 1), (10_000, 0.0002, 0)];
        for (int i = 0; i < rows.Length; i++)
        {
            double y = 2 - i;
            foreach (var (value, panel) in (ReadOnlySpan<(double, int)>)[(rows[i].Speed, 0), (rows[i].Seconds, 1)])
            {
                Assert.Equal(PictureStyle.Palette[rows[i].Color], drawn.At(Math.Log10(value) - 0.05, y + 0.25, panel));
                Assert.True(IsPaper(drawn.At(Math.Log10(value) + 0.05, y + 0.25, panel)), "beyond the bar");
            }
        }

        Assert.Equal(["autodiff", "hmp", "quadratic"], picture.Legend.Select(entry => entry.Text));
        Assert.Contains("The soonest is output block", picture.Description, StringComparison.Ordinal);
    }

    [Fact]
    public void On_a_phone_the_comparisons_plots_stand_one_below_the_other()
    {
        var picture = ComparePicture.Draw(SampleComparisons.Compare())!.Narrow!.ForPage(400);
        using var drawn = new Drawn(picture);

        var (first, second) = (picture.Panels[0].Plot.LastRender.DataRect, picture.Panels[1].Plot.LastRender.DataRect);
        Assert.True(first.Bottom < second.Top);
        Assert.Equal(first.Left, second.Left, 1.0);
        Assert.InRange(second.Right, 300, 400);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Too_few_probes_make_no_curve(int probes)
    {
        var report = probes == 0 ? Sample with { Trace = null, Confidence = null, Probes = 0 } : Sample with { Probes = 1 };

        Assert.Null(ConvergencePicture.Draw(report, SampleReport.Record(probes)));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(5_000)]
    public void A_curve_has_few_points_however_many_probes(int probes) =>
        Assert.InRange(
            ConvergencePicture.Draw(SampleReport.Of(probes), SampleReport.Record(probes))?.ToSvg().ToString().Length ?? 1, 1, 60_000);

    [Fact]
    public void Blocks_stand_in_the_models_order_each_with_its_estimate_and_its_exact_value()
    {
        var picture = BlockPicture.Draw(Sample)!;
        using var drawn = new Drawn(picture);

        for (int b = 0; b < 2; b++)
        {
            var block = Sample.Blocks[b];
            double row = 1 - b;
            Assert.Equal(PictureStyle.Exact, drawn.At(block.ExactTrace!.Value, row + 0.2));
            // On the side of the error bar where the exact value is not.
            double away = Math.Sign(block.Trace - block.ExactTrace.Value) * 1.5 * block.StandardError!.Value;
            Assert.Equal(PictureStyle.Estimate, drawn.At(block.Trace + away, row));
        }
    }

    [Fact]
    public void Of_many_blocks_those_that_matter_have_rows_and_the_others_one_together()
    {
        // Those with much of the trace are the last ones, as a deep network has them, and more than there are rows for otherwise.
        BlockReport[] blocks = [.. Enumerable.Range(0, 200).Select(b => new BlockReport($"layer.{b}", b < 150 ? 1e-6 : -2, b < 150 ? 1e-7 : 0.5, null))];

        var rows = BlockPicture.Rows(blocks);

        Assert.Equal([.. Enumerable.Range(150, 50).Select(b => $"layer.{b}"), "150 smaller blocks"], rows.Select(row => row.Name));
        Assert.Equal(150e-6, rows[^1].Trace, 1e-12);
        Assert.Equal(150e-7, rows[^1].StandardError!.Value, 1e-12);
        Assert.Equal(blocks.Take(24), BlockPicture.Rows([.. blocks.Take(24)]));
        Assert.Equal(24, BlockPicture.Rows([.. blocks.Take(155)]).Count);
        string svg = BlockPicture.Draw(Sample with { Blocks = blocks })!.ToSvg().ToString();
        foreach (string name in (string[])["layer.150", "layer.199", "150 smaller blocks"])
            Assert.Contains($">{name}<", svg);
    }

    [Fact]
    public void Blocks_are_seen_from_zero_on()
    {
        Assert.Equal(0, BlockPicture.Draw(Sample)!.Panels[0].Plot.Axes.GetLimits().Left);

        var negative = Sample with { Blocks = [Sample.Blocks[0], Sample.Blocks[1] with { Trace = -3 }] };
        Assert.InRange(BlockPicture.Draw(negative)!.Panels[0].Plot.Axes.GetLimits().Left, -5, -3);
    }

    [Fact]
    public void A_chunk_is_a_bar_of_its_workers_colour_and_what_went_otherwise_is_seen()
    {
        var picture = TimelinePicture.Draw(Sample, SampleReport.Timeline)!;
        using var drawn = new Drawn(picture);

        // In seconds: the axis ends with the job.
        Assert.Equal(PictureStyle.Palette[0], drawn.At(0.2, 1));
        Assert.Equal(PictureStyle.Trouble, drawn.At(0.1, 0));
        Assert.Equal(PictureStyle.Palette[1], drawn.At(0.9, 0));
        Assert.True(IsPaper(drawn.At(0.65, 0)), "a copy that came second is hollow");
        Assert.True(IsPaper(drawn.At(0.55, 1)), "an attempt without an answer is hollow");
        // As the table has it: 0.5 s and 0.625 s of 1.25 s.
        string svg = picture.ToSvg().ToString();
        Assert.Contains("3 chunks, 40 % busy", svg, StringComparison.Ordinal);
        Assert.Contains("2 chunks, 50 % busy", svg, StringComparison.Ordinal);
        Assert.Equal(
            ["a chunk", "issued again, or a copy", "came second", "failed", "no answer"], picture.Legend.Select(entry => entry.Text));
        Assert.Contains("1 of them issued again", picture.Description, StringComparison.Ordinal);
    }

    [Fact]
    public void Many_short_chunks_are_drawn_as_few_bars()
    {
        TimelineEntry[] entries =
        [
            .. Enumerable.Range(0, 50_000).Select(i => new TimelineEntry(
                i, 1, new WorkerKey($"worker-{i % 2 + 1}", 1), i / 2 * 1e-3, i / 2 * 1e-3 + 0.9e-3, AttemptFate.Accepted)),
        ];

        var picture = TimelinePicture.Draw(Sample, new Timeline(entries, 12_345))!;

        Assert.InRange(picture.ToSvg().ToString().Length, 1, 100_000);
        Assert.Contains("12,345 more not shown", picture.Subtitle, StringComparison.Ordinal);
        Assert.Equal(["many short chunks"], picture.Legend.Select(entry => entry.Text));
    }

    [Theory]
    [InlineData("Failed")]
    [InlineData("Unanswered")]
    public void What_is_rare_is_seen_among_many_short_chunks(string what)
    {
        var fate = Enum.Parse<AttemptFate>(what);
        TimelineEntry[] entries =
        [
            .. Enumerable.Range(0, 50_000).Select(i => new TimelineEntry(
                i, 1, new WorkerKey("worker-1", 1), i * 1e-3, (i + 1) * 1e-3, i == 25_000 ? fate : AttemptFate.Accepted)),
        ];

        var picture = TimelinePicture.Draw(Sample, new Timeline(entries, 0))!;
        using var drawn = new Drawn(picture);

        // Its left edge; it is three units wide, of some five hundred for fifty seconds.
        Assert.Contains(Enumerable.Range(0, 30), i => drawn.At(25 + i * 0.01, 0) == PictureStyle.Trouble);
    }

    [Fact]
    public void Short_chunks_of_uneven_length_are_one_bar_with_gaps_where_the_worker_waited()
    {
        double now = 0;
        var entries = new List<TimelineEntry>();
        for (int i = 0; i < 400; i++)
        {
            // Some of them would be wide enough to be seen; in the middle the worker waits.
            double start = i == 200 ? now + 0.5 : now;
            now = start + (i % 9 == 0 ? 0.02 : 0.004);
            entries.Add(new TimelineEntry(i, 1, new WorkerKey("worker-1", 1), start, now, AttemptFate.Accepted));
        }

        var picture = TimelinePicture.Draw(Sample, new Timeline(entries, 0))!;
        using var drawn = new Drawn(picture);

        Assert.Equal(2, picture.ToSvg().ToString().Split($"<rect fill=\"{PictureStyle.Palette[0].ToHex()}\"").Length - 1);
        double waits = entries[199].End + 0.25;
        Assert.True(IsPaper(drawn.At(waits, 0)), "the worker waits");
        Assert.All(Enumerable.Range(1, 99), i => Assert.Equal(
            waits is var middle && Math.Abs(i / 100.0 * now - middle) < 0.26, IsPaper(drawn.At(i / 100.0 * now, 0))));
    }

    [Fact]
    public void Hundreds_of_blocks_and_workers_stay_one_picture()
    {
        var report = SampleReport.Of(100, FakeQuadraticForm.Trace, [.. Enumerable.Range(0, 400).Select(b => $"features.{b}.conv.weight")]);
        TimelineEntry[] entries =
            [.. Enumerable.Range(0, 300).Select(i => new TimelineEntry(i, 1, new WorkerKey($"w{i}", 1), 0, i + 1, AttemptFate.Accepted))];

        Assert.InRange(BlockPicture.Draw(report)!.Height, 500, 8_000);
        Assert.InRange(TimelinePicture.Draw(Sample, new Timeline(entries, 0))!.Height, 500, 4_000);
    }

    private static Picture Draw(string name) => name switch
    {
        "convergence" => ConvergencePicture.Draw(Sample, SampleReport.Record(100))!,
        "blocks" => BlockPicture.Draw(Sample)!,
        "accuracy" => AccuracyPicture.Draw(SampleComparisons.Accuracy())!,
        "compare" => ComparePicture.Draw(SampleComparisons.Compare())!,
        _ => TimelinePicture.Draw(Sample, SampleReport.Timeline)!,
    };

    private static IEnumerable<double> Between(double low, double high) =>
        Enumerable.Range(0, 60).Select(i => low + (high - low) * (0.05 + 0.9 * i / 59));

    private static bool IsOrange(ScottPlot.Color color) => color.R > 190 && color.B < 100;

    private static bool IsPaper(ScottPlot.Color color) => color.R > 225 && color.G > 225 && color.B > 225;

    private static bool IsTinted(ScottPlot.Color color) => color.R > color.B + 15;
}
