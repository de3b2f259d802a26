using ActorHutch.Coordinator.Reports.Pictures;
using ActorHutch.Curvature.Native;
using ActorHutch.Curvature.Operators;
using ActorHutch.Curvature.Probes;
using ActorHutch.Curvature.Risks;
using ScottPlot;
using static TorchSharp.torch;

namespace ActorHutch.Benchmarks;

/// <summary>
/// The README's picture of what a pass over the data buys: the relative error of BackPACK's example's trace, the root of the mean square over
/// seeds, against passes forward or backward through all samples, in each space.
/// </summary>
/// <remarks>
/// Before the first probe there are two passes, the model's own. A probe of parameters, or of all layers' outputs together, is one pass forward,
/// and one of predictions a pass backward and one forward.
/// </remarks>
internal static class PassesPicture
{
    private const int Seeds = 40, SetUp = 2;

    private static readonly (ProbeSpace Space, int Passes, int Probes, string Name)[] Ways =
    [
        (ProbeSpace.Parameter, 1, 2000, "probes of parameters, shared by all samples"),
        (ProbeSpace.Output, 1, 500, "probes of layers' outputs, a sample's own"),
        (ProbeSpace.Prediction, 2, 250, "probes of predictions, a sample's own"),
    ];

    /// <summary>Draws it.</summary>
    /// <param name="folder">Where <c>passes.svg</c> and <c>passes.png</c> go.</param>
    public static void Write(string folder)
    {
        LibTorch.Load();
        using var example = MnistExample.Create(ScalarType.Float64, CPU);
        using var basis = QuadraticForms.Create(example.Risk, new CurvatureOptions { ProbeSpace = null, Distribution = ProbeDistribution.Basis });
        double exact = Enumerable.Range(0, (int)basis.BasisCount).Sum(basis.Evaluate(0, (int)basis.BasisCount).Total);
        var plot = PictureStyle.NewPlot();
        var legend = new List<LegendEntry>();
        var described = new List<string>();
        Color[] colors = [PictureStyle.Estimate, PictureStyle.Palette[1], PictureStyle.Palette[0]];
        foreach (var ((space, passes, probes, name), color) in Ways.Zip(colors))
        {
            double[] errors = Errors(example.Risk, space, probes, exact);
            Coordinates[] curve = [.. Enumerable.Range(0, probes).Select(i => new Coordinates(Math.Log10(SetUp + passes * (i + 1.0)), Math.Log10(errors[i])))];
            plot.Add.ScatterLine(curve, color).LineWidth = 2;
            legend.Add(new LegendEntry(LegendShape.Line, color, name));
            described.Add($"{name}: {100 * errors[0]:G2} % after {SetUp + passes} passes, {100 * errors[^1]:G2} % after {SetUp + passes * probes}");
        }

        long lanes = SetUp + basis.BasisCount;
        plot.Add.VerticalLine(Math.Log10(lanes), 2, PictureStyle.Exact);
        legend.Add(new LegendEntry(LegendShape.Line, PictureStyle.Exact, $"exact after {lanes} passes"));
        plot.Axes.SetLimits(Math.Log10(3), Math.Log10(2000), -3.2, 0.3);
        plot.Axes.Bottom.TickGenerator = PictureStyle.Logarithmic(3, 2000, PictureStyle.TickLabel);
        plot.Axes.Left.TickGenerator = PictureStyle.Decades(-3, 0, value => PictureStyle.TickLabel(100 * value) + " %");
        plot.XLabel("passes over the data");
        plot.YLabel("relative error of the trace");
        var picture = new Picture(
            "passes", "What a pass over the data buys", $"BackPACK's example, Hessian, root mean square over {Seeds} seeds · logarithmic axes",
            "The relative error of the trace against passes over the data, " + string.Join("; ", described) + $"; the exact trace takes {lanes} passes.")
        {
            Legend = legend,
            Panels = [new Panel(plot)],
        };
        File.WriteAllText(Path.Combine(folder, "passes.svg"), picture.ToSvg().ToString());
        File.WriteAllBytes(Path.Combine(folder, "passes.png"), picture.ToPng());
        Console.WriteLine(picture.Description);
    }

    /// <summary>Root mean square of the relative errors of the first 1, 2, … probes.</summary>
    private static double[] Errors(EmpiricalRisk risk, ProbeSpace space, int probes, double exact)
    {
        double[] squares = new double[probes];
        for (ulong seed = 0; seed < Seeds; seed++)
        {
            using var form = QuadraticForms.Create(risk, new CurvatureOptions { ProbeSpace = space, Structure = BlockStructure.Full, Seed = seed });
            var values = form.Evaluate(0, probes);
            double sum = 0;
            for (int i = 0; i < probes; i++)
            {
                sum += values.Total(i);
                double error = sum / (i + 1) / exact - 1;
                squares[i] += error * error / Seeds;
            }
        }

        return [.. squares.Select(Math.Sqrt)];
    }
}
