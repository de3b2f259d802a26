using System.Text;
using ActorHutch.Curvature.Graphs;
using ActorHutch.Curvature.Losses;
using ActorHutch.Curvature.Models;
using ActorHutch.Curvature.Operations;
using ActorHutch.Curvature.Operators;
using ActorHutch.Curvature.Risks;
using ActorHutch.Curvature.Tests.Cases;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Tests.Models;

/// <summary>Operations without a rule, which libtorch differentiates.</summary>
public sealed class LibTorchCallTests
{
    /// <summary>libtorch ends the process where it does not know a call, so nothing may be in the list that it does not.</summary>
    [Fact]
    public void Every_operation_of_the_list_is_one_of_this_libtorch()
    {
        using var scope = NewDisposeScope();
        int compiled = 0;
        foreach (var (name, arguments) in Listed())
        {
            var graph = new GraphBuilder();
            var value = graph.Tensor(zeros(1));
            var given = arguments.Select(argument => argument.TrimEnd('=').Split(' ')).ToDictionary(parts => parts[1], parts => Sample(parts[0], value));
            ((LibTorchOperation)LibTorchCall.Lower(new GraphCall("n", name, given), graph).Operation(1)).Compile();
            compiled++;
        }

        Assert.True(compiled > 200);
        Assert.DoesNotContain(LibTorchCall.Names, name => name.EndsWith('_') || name is "from_file" or "save");
    }

    [Theory]
    [InlineData("sinh", "{\"self\": \"%z\"}")]
    [InlineData("cumprod", "{\"self\": \"%z\", \"dim\": 1, \"dtype\": null}")]
    [InlineData("logsumexp", "{\"self\": \"%z\", \"dim\": [1], \"keepdim\": true}")]
    [InlineData("hypot", "{\"self\": \"%z\", \"other\": \"%c\"}")]
    [InlineData("addcmul", "{\"self\": \"%z\", \"tensor1\": \"%z\", \"tensor2\": \"%w\", \"value\": 0.25}")]
    public void Its_derivatives_are_those_of_autodiff_and_it_is_named(string operation, string arguments)
    {
        using var scope = NewDisposeScope();
        using var model = ModelDescription.Parse(Encoding.UTF8.GetBytes($$"""
            { "type": "Graph", "inputs": ["x"], "parameters": { "a": {"shape": [3, 4]}, "w": {"shape": [3]} },
              "constants": { "c": {"shape": [3]} },
              "nodes": [
                {"name": "z", "operation": "linear", "arguments": {"input": "%x", "weight": "%a", "bias": "%w"} },
                {"name": "own", "operation": "{{operation}}", "arguments": {{arguments}}
                },
                {"name": "out", "operation": "mul", "arguments": {"self": "%own", "other": "%z"} } ],
              "output": "%out" }
            """), "model.json").Build(ScalarType.Float64, CPU);
        var numbers = new Numbers(1);
        using (no_grad())
        {
            foreach (var tensor in model.parameters().Concat(model.buffers())) tensor.copy_(numbers.Normal(tensor.shape));
        }

        var risk = new EmpiricalRisk(model, new CrossEntropy(), numbers.Normal(5, 4), tensor(new long[] { 0, 1, 2, 0, 1 }));
        foreach (var structure in Enum.GetValues<BlockStructure>())
            foreach (var matrix in Enum.GetValues<CurvatureMatrix>())
            {
                var options = new CurvatureOptions { Structure = structure, Matrix = matrix };
                double[] expected = Totals(options with { Method = CurvatureMethod.Autodiff }, "asked for");
                // Sums of a dozen terms in another order.
                Near.Relative(expected, Totals(options with { Method = CurvatureMethod.Hmp }, "asked for; libtorch"), 1e-12);
                Near.Relative(expected, Totals(options, $"every layer and the loss have a rule; libtorch differentiates what has no rule: Node own ({operation})"), 1e-12);
            }

        double[] Totals(CurvatureOptions options, string reason)
        {
            using var form = QuadraticForms.Create(risk, options);
            Assert.StartsWith(reason, form.MethodReason, StringComparison.Ordinal);
            var values = form.Evaluate(0, 3);
            return [values.Total(0), values.Total(1), values.Total(2)];
        }
    }

    private static object? Sample(string kind, GraphValue value) => kind.TrimEnd('?') switch
    {
        "Tensor" => value,
        "Tensor[]" => new object?[] { value, value },
        "int[]" => new object?[] { 1L, 1L },
        "float[]" => new object?[] { 1.0 },
        "int" => 1L,
        "float" => 0.5,
        "bool" => false,
        _ => "mean",
    };

    private static IEnumerable<(string Name, string[] Arguments)> Listed()
    {
        using var reader = new StreamReader(typeof(LibTorchCall).Assembly.GetManifestResourceStream("libtorch-operations.txt")!);
        foreach (string line in reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries))
            yield return (line[..line.IndexOf('(', StringComparison.Ordinal)], line[(line.IndexOf('(', StringComparison.Ordinal) + 1)..^1].Split(", "));
    }
}
