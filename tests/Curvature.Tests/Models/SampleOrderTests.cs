using System.Text;
using ActorHutch.Curvature.Losses;
using ActorHutch.Curvature.Models;
using ActorHutch.Curvature.Operators;
using ActorHutch.Curvature.Probes;
using ActorHutch.Curvature.Risks;
using ActorHutch.Curvature.Tests.Cases;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Tests.Models;

/// <summary>Output space on graphs, which do not tell which of their dimensions are samples.</summary>
public sealed class SampleOrderTests
{
    private const int Samples = 4, Width = 3;

    /// <summary>A sequence's positions as rows, as PyTorch has a linear layer on three dimensions; and positions first.</summary>
    private const string Rows = """
        {"name": "rows", "operation": "reshape", "arguments": {"self": "%x", "shape": [{"batch": 4}, 3]} },
        {"name": "t", "operation": "t", "arguments": {"self": "%a"} },
        {"name": "hidden", "operation": "addmm", "arguments": {"self": "%b", "mat1": "%rows", "mat2": "%t"} },
        {"name": "curved", "operation": "tanh", "arguments": {"self": "%hidden"} },
        {"name": "back", "operation": "reshape", "arguments": {"self": "%curved", "shape": [{"batch": 1}, 4, 2]} },
        """;

    private const string PositionsFirst = """
        {"name": "turned", "operation": "transpose", "arguments": {"self": "%x", "dim0": 0, "dim1": 1} },
        {"name": "hidden", "operation": "linear", "arguments": {"input": "%turned", "weight": "%a", "bias": "%b"} },
        {"name": "curved", "operation": "tanh", "arguments": {"self": "%hidden"} },
        {"name": "back", "operation": "transpose", "arguments": {"self": "%curved", "dim0": 0, "dim1": 1} },
        """;

    /// <summary>As many positions as samples: the shapes alone would not tell which are which.</summary>
    [Theory]
    [InlineData(Rows, CurvatureMatrix.Hessian)]
    [InlineData(Rows, CurvatureMatrix.Ggn)]
    [InlineData(PositionsFirst, CurvatureMatrix.Hessian)]
    [InlineData(PositionsFirst, CurvatureMatrix.Ggn)]
    public void Samples_are_told_apart_wherever_they_are(string nodes, CurvatureMatrix matrix)
    {
        using var scope = NewDisposeScope();
        var risk = Risk(nodes);

        double[] expected = Sums(risk, new CurvatureOptions { Matrix = matrix, Distribution = ProbeDistribution.Basis });
        foreach (var space in (ProbeSpace[])[ProbeSpace.Output, ProbeSpace.Prediction])
        {
            double[] found = Sums(risk, new CurvatureOptions { Matrix = matrix, Distribution = ProbeDistribution.Basis, ProbeSpace = space });

            // Sums of some hundred terms in another order.
            Near.Relative(expected, found, 1e-12);
        }
    }

    private static double[] Sums(EmpiricalRisk risk, CurvatureOptions options)
    {
        using var form = QuadraticForms.Create(risk, options);
        var values = form.Evaluate(0, (int)form.BasisCount);
        return [.. Enumerable.Range(0, form.Blocks.Count).Select(block => Enumerable.Range(0, (int)form.BasisCount).Sum(probe => values.Values[probe * form.Blocks.Count + block]))];
    }

    private static EmpiricalRisk Risk(string nodes)
    {
        var model = ModelDescription.Parse(Encoding.UTF8.GetBytes($$"""
            { "type": "Graph", "inputs": ["x"],
              "parameters": { "a": {"shape": [2, {{Width}}]}, "b": {"shape": [2]}, "c": {"shape": [3, 8]} },
              "nodes": [ {{nodes}}
                {"name": "flat", "operation": "reshape", "arguments": {"self": "%back", "shape": [{"batch": 1}, 8]} },
                {"name": "out", "operation": "linear", "arguments": {"input": "%flat", "weight": "%c", "bias": null} } ],
              "output": "%out" }
            """), "model.json").Build(ScalarType.Float64, CPU);
        var numbers = new Numbers(1);
        using (no_grad())
        {
            foreach (var parameter in model.parameters()) parameter.copy_(numbers.Normal(parameter.shape));
        }

        return new EmpiricalRisk(model, new CrossEntropy(), numbers.Normal(Samples, 4, Width), tensor(new long[] { 0, 1, 2, 0 }));
    }
}
