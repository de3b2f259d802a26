using System.Globalization;
using ActorHutch.Curvature.Estimation;
using ActorHutch.Curvature.Losses;
using ActorHutch.Curvature.Operators;
using ActorHutch.Curvature.Probes;
using ActorHutch.Curvature.Risks;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Tests.Operators;

/// <summary>
/// BackPACK's page «Hutchinson Trace Estimation», digit for digit: its model, its batch, its probes, our operators.
/// </summary>
[Collection(DefaultGenerator.Name)]
public sealed class BackPackPageTests
{
    private const int Probes = 1000;

    [Fact]
    public void The_three_printed_estimates_come_out_to_every_digit()
    {
        using var example = MnistExample.Create(ScalarType.Float32, CPU);
        manual_seed(0);
        using var model = MnistExample.CreateModel();
        var risk = new EmpiricalRisk(model, new CrossEntropy(), example.Risk.Inputs, example.Risk.Targets);

        foreach (var (drawn, kept) in risk.Blocks.Zip(example.Risk.Blocks))
            Assert.Equal(drawn.Parameter.data<float>().ToArray(), kept.Parameter.data<float>().ToArray());

        // The loader's base seed and its sampler's seed: 64 bits each, whatever the upper limit.
        for (int i = 0; i < 2; i++) empty(1, ScalarType.Int64).random_(0, 1L << 62).Dispose();

        // Each step goes on where the one before left the generator.
        Assert.Equal("12.308", Printed(risk, CurvatureMethod.Hmp, BlockStructure.Block, batch: 10));
        Assert.Equal("12.142", Printed(risk, CurvatureMethod.Autodiff, BlockStructure.Full, batch: 1));
        Assert.Equal("12.581", Printed(risk, CurvatureMethod.Autodiff, BlockStructure.Block, batch: 1));
    }

    private static string Printed(EmpiricalRisk risk, CurvatureMethod method, BlockStructure structure, int batch)
    {
        var options = new CurvatureOptions { Method = method, Structure = structure };
        using var form = QuadraticForms.Create(risk, options, probes: new DefaultGeneratorProbes());
        var accumulator = new TraceAccumulator(form.Blocks);
        for (int first = 0; first < Probes; first += batch) accumulator.Add(form.Evaluate(first, batch));
        return accumulator.Estimate().Trace.ToString("F3", CultureInfo.InvariantCulture);
    }

    /// <summary>The page's probes, one chunk's block after the other from libtorch's default generator.</summary>
    private sealed class DefaultGeneratorProbes : IProbeSource
    {
        public Tensor Draw(ParameterBlock block, long firstProbe, int count)
        {
            using var scope = NewDisposeScope();
            var signs = (rand([count, .. block.Shape]) < 0.5).to(ScalarType.Float32) * 2 - 1;
            return signs.MoveToOuterDisposeScope();
        }
    }
}
