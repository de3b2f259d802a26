using System.Text;
using ActorHutch.Curvature.Estimation;
using ActorHutch.Curvature.Losses;
using ActorHutch.Curvature.Models;
using ActorHutch.Curvature.Operators;
using ActorHutch.Curvature.Probes;
using ActorHutch.Curvature.Risks;
using ActorHutch.Curvature.Tests.Cases;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Tests.Operators;

/// <summary>
/// Reverse sweeps through operations that layers do not have, block by block against double backward with each basis vector of the
/// parameters: convolutions of every kind, parameters that are used directly, often, or to make others, samples in other places.
/// </summary>
public sealed class PredictionSpaceGraphTests
{
    private const int Samples = 3;

    private const string Linear = """{"name": "out", "operation": "linear", "arguments": {"input": "%flat", "weight": "%head", "bias": null}}""";

    /// <summary>The shape of an input, parameters, and nodes that make %z of %x.</summary>
    private static readonly Dictionary<string, (long[] Input, string Parameters, string Nodes)> Cases = new()
    {
        ["1d, strided and padded"] = Convolution([2, 7], "[4, 2, 3]", 4, "[2]", "[1]", "[1]"),
        ["1d, transposed, grouped and dilated"] = Convolution([4, 4], "[4, 3, 2]", 6, "[2]", "[1]", "[3]", true, "[1]", 2),
        ["2d, dilated, a part of the image unseen"] = Convolution([2, 6, 7], "[3, 2, 2, 2]", 3, "[2, 3]", "[0, 1]", "[2, 1]"),
        ["2d, grouped"] = Convolution([4, 4, 3], "[6, 2, 3, 2]", 6, "[1, 1]", "[1, 0]", "[1, 1]", groups: 2),
        ["2d, transposed"] = Convolution([2, 3, 3], "[2, 3, 3, 2]", 3, "[2, 2]", "[1, 0]", "[1, 1]", true, "[1, 0]"),
        ["2d, transposed and longer than its steps"] = Convolution([2, 3, 2], "[2, 3, 2, 2]", 3, "[1, 1]", "[0, 0]", "[3, 2]", true, "[2, 1]"),
        ["3d, everything"] = Convolution([4, 4, 5, 4], "[4, 2, 2, 2, 1]", 4, "[1, 2, 1]", "[0, 1, 1]", "[2, 1, 1]", groups: 2),
        ["3d, transposed"] = Convolution([2, 2, 2, 2], "[2, 2, 2, 1, 2]", 2, "[1, 2, 1]", "[0, 0, 1]", "[1, 1, 2]", true, "[0, 1, 0]"),
        ["two images of each sample"] = ([2, 2, 5], """ "w": {"shape": [4, 1, 2]}, "b": {"shape": [4]} """, """
            {"name": "i", "operation": "reshape", "arguments": {"self": "%x", "shape": [{"batch": 2}, 2, 5]}},
            {"name": "c", "operation": "convolution", "arguments": {"input": "%i", "weight": "%w", "bias": "%b", "stride": [2], "padding": [0], "dilation": [1],
              "transposed": false, "output_padding": [0], "groups": 2}},
            {"name": "t", "operation": "tanh", "arguments": {"self": "%c"}},
            {"name": "z", "operation": "reshape", "arguments": {"self": "%t", "shape": [{"batch": 1}, 16]}}
            """),
        ["all samples' first images, then their second ones"] = ([2, 2, 3], """ "w": {"shape": [2, 2, 2]}, "b": {"shape": [4]} """, """
            {"name": "f", "operation": "transpose", "arguments": {"self": "%x", "dim0": 0, "dim1": 1}},
            {"name": "i", "operation": "reshape", "arguments": {"self": "%f", "shape": [{"batch": 2}, 2, 3]}},
            {"name": "c", "operation": "convolution", "arguments": {"input": "%i", "weight": "%w", "bias": "%b", "stride": [2], "padding": [1], "dilation": [1],
              "transposed": true, "output_padding": [1], "groups": 2}},
            {"name": "t", "operation": "tanh", "arguments": {"self": "%c"}},
            {"name": "k", "operation": "reshape", "arguments": {"self": "%t", "shape": [2, {"batch": 1}, 20]}},
            {"name": "z", "operation": "transpose", "arguments": {"self": "%k", "dim0": 0, "dim1": 1}}
            """),
        ["few inputs, so that Gram matrices cost more"] = Convolution([1, 9], "[2, 1, 2]", 2, "[1]", "[0]", "[1]"),
        ["many inputs, so that Gram matrices cost less"] = Convolution([8, 4], "[9, 8, 3]", 9, "[1]", "[0]", "[1]"),
        ["a scale, a shift and a table of positions"] = ([4, 3], """ "a": {"shape": [3]}, "b": {"shape": [4, 1]}, "c": {"shape": [1, 4, 3]} """, """
            {"name": "m", "operation": "mul", "arguments": {"self": "%x", "other": "%a"}},
            {"name": "s", "operation": "add", "arguments": {"self": "%m", "other": "%b"}},
            {"name": "t", "operation": "tanh", "arguments": {"self": "%s"}},
            {"name": "z", "operation": "sub", "arguments": {"self": "%c", "other": "%t", "alpha": 2}}
            """),
        ["a token for each sample"] = ([2, 3], """ "a": {"shape": [1, 1, 3]}, "w": {"shape": [3, 3]} """, """
            {"name": "e", "operation": "expand", "arguments": {"self": "%a", "size": [{"batch": 1}, 1, 3]}},
            {"name": "c", "operation": "cat", "arguments": {"tensors": ["%e", "%x"], "dim": 1}},
            {"name": "l", "operation": "linear", "arguments": {"input": "%c", "weight": "%w", "bias": null}},
            {"name": "z", "operation": "tanh", "arguments": {"self": "%l"}}
            """),
        ["a weight twice"] = ([4, 3], """ "w": {"shape": [3, 3]}, "b": {"shape": [3]} """, """
            {"name": "k", "operation": "linear", "arguments": {"input": "%x", "weight": "%w", "bias": "%b"}},
            {"name": "t", "operation": "tanh", "arguments": {"self": "%k"}},
            {"name": "z", "operation": "linear", "arguments": {"input": "%t", "weight": "%w", "bias": "%b"}}
            """),
        ["a weight and its transpose"] = ([4, 3], """ "w": {"shape": [3, 3]} """, """
            {"name": "k", "operation": "linear", "arguments": {"input": "%x", "weight": "%w", "bias": null}},
            {"name": "t", "operation": "tanh", "arguments": {"self": "%k"}},
            {"name": "r", "operation": "reshape", "arguments": {"self": "%t", "shape": [{"batch": 4}, 3]}},
            {"name": "p", "operation": "mm", "arguments": {"self": "%r", "mat2": "%w"}},
            {"name": "z", "operation": "reshape", "arguments": {"self": "%p", "shape": [{"batch": 1}, 4, 3]}}
            """),
        ["a weight that is made of two"] = ([3], """ "v": {"shape": [4, 3]}, "g": {"shape": [4, 1]}, "b": {"shape": [4]} """, """
            {"name": "n", "operation": "tanh", "arguments": {"self": "%v"}},
            {"name": "w", "operation": "mul", "arguments": {"self": "%n", "other": "%g"}},
            {"name": "l", "operation": "linear", "arguments": {"input": "%x", "weight": "%w", "bias": "%b"}},
            {"name": "s", "operation": "sum", "arguments": {"self": "%v", "dim": [1]}},
            {"name": "z", "operation": "add", "arguments": {"self": "%l", "other": "%s"}}
            """),
        ["parts of one weight"] = ([3], """ "w": {"shape": [6, 3]}, "u": {"shape": [2, 2]} """, """
            {"name": "p", "operation": "split", "arguments": {"self": "%w", "split_size": 2, "dim": 0}},
            {"name": "p0", "operation": "getitem", "arguments": {"input": "%p", "index": 0}},
            {"name": "p2", "operation": "getitem", "arguments": {"input": "%p", "index": 2}},
            {"name": "a", "operation": "linear", "arguments": {"input": "%x", "weight": "%p0", "bias": null}},
            {"name": "b", "operation": "linear", "arguments": {"input": "%x", "weight": "%p2", "bias": null}},
            {"name": "t", "operation": "sigmoid", "arguments": {"self": "%b"}},
            {"name": "m", "operation": "mul", "arguments": {"self": "%a", "other": "%t"}},
            {"name": "z", "operation": "mm", "arguments": {"self": "%m", "mat2": "%u"}}
            """),
        ["positions first, and as rows"] = ([4, 3], """ "w": {"shape": [2, 3]}, "b": {"shape": [2]}, "u": {"shape": [2, 2]}, "a": {"shape": [4, 1, 2]} """, """
            {"name": "t", "operation": "transpose", "arguments": {"self": "%x", "dim0": 0, "dim1": 1}},
            {"name": "l", "operation": "linear", "arguments": {"input": "%t", "weight": "%w", "bias": "%b"}},
            {"name": "h", "operation": "tanh", "arguments": {"self": "%l"}},
            {"name": "s", "operation": "add", "arguments": {"self": "%h", "other": "%a"}},
            {"name": "r", "operation": "reshape", "arguments": {"self": "%s", "shape": [{"batch": 4}, 2]}},
            {"name": "m", "operation": "mm", "arguments": {"self": "%r", "mat2": "%u"}},
            {"name": "n", "operation": "native_layer_norm", "arguments": {"input": "%m", "normalized_shape": [2], "weight": "%b", "bias": "%b", "eps": 0.1}},
            {"name": "g", "operation": "getitem", "arguments": {"input": "%n", "index": 0}},
            {"name": "k", "operation": "reshape", "arguments": {"self": "%g", "shape": [4, {"batch": 1}, 2]}},
            {"name": "z", "operation": "transpose", "arguments": {"self": "%k", "dim0": 0, "dim1": 1}}
            """),
        ["samples in columns"] = ([3], """ "w": {"shape": [1, 4, 3]} """, """
            {"name": "t", "operation": "t", "arguments": {"self": "%x"}},
            {"name": "u", "operation": "unsqueeze", "arguments": {"self": "%t", "dim": 0}},
            {"name": "m", "operation": "bmm", "arguments": {"self": "%w", "mat2": "%u"}},
            {"name": "h", "operation": "tanh", "arguments": {"self": "%m"}},
            {"name": "q", "operation": "select", "arguments": {"self": "%h", "dim": 0, "index": 0}},
            {"name": "z", "operation": "t", "arguments": {"self": "%q"}}
            """),
        ["an operation without a rule"] = ([3], """ "a": {"shape": [3]}, "d": {"shape": [1, 3]} """, """
            {"name": "h", "operation": "atan2", "arguments": {"self": "%x", "other": "%a"}},
            {"name": "z", "operation": "div", "arguments": {"self": "%h", "other": "%d"}}
            """),
        ["a number that a condition takes"] = ([3], """ "a": {"shape": [3]}, "w": {"shape": [3, 3]} """, """
            {"name": "l", "operation": "linear", "arguments": {"input": "%x", "weight": "%w", "bias": null}},
            {"name": "c", "operation": "gt", "arguments": {"self": "%x", "other": 0}},
            {"name": "z", "operation": "where", "arguments": {"condition": "%c", "self": "%l", "other": "%a"}}
            """),
    };

    public static TheoryData<string> Names => [.. Cases.Keys];

    [Theory, MemberData(nameof(Names))]
    public void Basis_vectors_give_the_trace_of_the_dense_GGN_block_by_block(string name)
    {
        foreach (int samples in (int[])[Samples, 1]) AssertExact(name, samples, CurvatureMatrix.Ggn, ProbeSpace.Prediction);
    }

    [Theory, MemberData(nameof(Names))]
    public void Basis_vectors_give_the_trace_of_the_dense_Hessian_block_by_block(string name)
    {
        foreach (int samples in (int[])[Samples, 1])
        {
            foreach (var space in new[] { ProbeSpace.Prediction, ProbeSpace.Output }) AssertExact(name, samples, CurvatureMatrix.Hessian, space);
        }
    }

    /// <summary>All draws in one sweep: a hundred and fifty means of a few blocks, one false alarm in three thousand seeds at five standard errors.</summary>
    [Theory, MemberData(nameof(Names))]
    public void The_mean_of_each_block_is_its_trace(string name)
    {
        foreach (var (matrix, space, distribution) in new[]
        {
            (CurvatureMatrix.Hessian, ProbeSpace.Prediction, ProbeDistribution.Rademacher), (CurvatureMatrix.Hessian, ProbeSpace.Prediction, ProbeDistribution.Gaussian),
            (CurvatureMatrix.Hessian, ProbeSpace.Output, ProbeDistribution.Rademacher), (CurvatureMatrix.Ggn, ProbeSpace.Output, ProbeDistribution.Rademacher),
        })
        {
            foreach (var structure in Enum.GetValues<BlockStructure>())
            {
                using var scope = NewDisposeScope();
                var risk = Risk(name, Samples);
                double[] traces = Dense.BlockSums(risk, Dense.ToArray(Dense.Matrix(risk, matrix).diagonal()));
                using var form = QuadraticForms.Create(
                    risk, new CurvatureOptions { Matrix = matrix, ProbeSpace = space, Distribution = distribution, Structure = structure, Seed = 3 });

                var estimate = HutchinsonEstimator.Estimate(form, 400);

                double rounding = 1e-10 * traces.Sum(Math.Abs);
                foreach (var (expected, block) in traces.Zip(estimate.Blocks)) Near.Absolute(expected, block.Trace, 5 * block.StandardError + rounding);
                Near.Absolute(traces.Sum(), estimate.Trace, 5 * estimate.StandardError + rounding);
            }
        }
    }

    private static void AssertExact(string name, int samples, CurvatureMatrix matrix, ProbeSpace space)
    {
        using var scope = NewDisposeScope();
        var risk = Risk(name, samples);
        double[] expected = Dense.BlockSums(risk, Dense.ToArray(Dense.Matrix(risk, matrix).diagonal()));
        using var form = QuadraticForms.Create(risk, new CurvatureOptions { Matrix = matrix, ProbeSpace = space, Distribution = ProbeDistribution.Basis });

        var values = form.Evaluate(0, (int)form.BasisCount);

        // The same terms in another order, some of them squares.
        Near.Relative(expected, [.. expected.Select((_, b) => Enumerable.Range(0, values.Count).Sum(p => values[p][b]))], 1e-10);
    }

    private static (long[] Input, string Parameters, string Nodes) Convolution(
        long[] input, string weight, int outputs, string stride, string padding, string dilation, bool transposed = false, string? more = null, int groups = 1)
    {
        string none = $"[{string.Join(", ", input.Skip(1).Select(_ => 0))}]", scale = $"{input[0]}{string.Concat(input.Skip(1).Select(_ => ", 1"))}";
        string flag = transposed ? "true" : "false";
        return (input, $$""" "w": {"shape": {{weight}} }, "b": {"shape": [{{outputs}}]}, "s": {"shape": [{{scale}}] } """, $$"""
            {"name": "own", "operation": "mul", "arguments": {"self": "%x", "other": "%s"} },
            {"name": "c", "operation": "convolution", "arguments": {"input": "%own", "weight": "%w", "bias": "%b", "stride": {{stride}},
              "padding": {{padding}}, "dilation": {{dilation}}, "transposed": {{flag}}, "output_padding": {{more ?? none}}, "groups": {{groups}} } },
            {"name": "z", "operation": "tanh", "arguments": {"self": "%c"} }
            """);
    }

    private static EmpiricalRisk Risk(string name, int samples)
    {
        var (input, parameters, nodes) = Cases[name];
        long[] shape = [samples, .. input];
        using var first = Model(parameters, nodes, "\"%z\"", null);
        var numbers = new Numbers(1);
        var x = numbers.Normal(shape);
        long size;
        using (no_grad()) size = first.call(x).numel() / samples;
        var model = Model(parameters, nodes, "\"%out\"", size);
        using (no_grad())
        {
            foreach (var parameter in model.parameters()) parameter.copy_(numbers.Normal(parameter.shape));
        }

        return new EmpiricalRisk(model, new CrossEntropy(), x, numbers.Classes(3, samples));
    }

    /// <summary>With the head of a classifier, where %z has a known size.</summary>
    private static nn.Module<Tensor, Tensor> Model(string parameters, string nodes, string output, long? size)
    {
        string head = size is null ? "" : $$""", "head": {"shape": [3, {{size}}]} """;
        string last = size is null ? "" : $$"""
            , {"name": "flat", "operation": "reshape", "arguments": {"self": "%z", "shape": [{"batch": 1}, {{size}}]} }, {{Linear}}
            """;
        return ModelDescription.Parse(Encoding.UTF8.GetBytes($$"""
            { "type": "Graph", "inputs": ["x"], "parameters": { {{parameters}}{{head}} }, "nodes": [ {{nodes}}{{last}} ], "output": {{output}} }
            """), "model.json").Build(ScalarType.Float64, CPU);
    }
}
