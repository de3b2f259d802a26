using System.Text;
using System.Text.Json.Nodes;
using ActorHutch.Curvature.Losses;
using ActorHutch.Curvature.Models;
using ActorHutch.Curvature.Operators;
using ActorHutch.Curvature.Risks;
using ActorHutch.Curvature.Tests.Cases;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Tests.Models;

/// <summary>Graphs that are none, or compute nothing: one message that says what and where.</summary>
public sealed class BadGraphTests
{
    /// <summary>A chain of operations with every kind of argument.</summary>
    private const string Good = """
        {
          "type": "Graph", "inputs": ["x"],
          "parameters": { "w": {"shape": [6, 4]}, "b": {"shape": [6]}, "v": {"shape": [3, 6], "trainable": true} },
          "constants": { "mask": {"shape": [3], "dtype": "bool"}, "scale": {"shape": [3]} },
          "nodes": [
            {"name": "flat", "operation": "reshape", "arguments": {"self": "%x", "shape": [{"batch": 1}, 4]}},
            {"name": "wt", "operation": "t", "arguments": {"self": "%w"}},
            {"name": "one", "operation": "addmm", "arguments": {"self": "%b", "mat1": "%flat", "mat2": "%wt", "beta": 1, "alpha": 1}},
            {"name": "bent", "operation": "tanh", "arguments": {"self": "%one"}},
            {"name": "halves", "operation": "split", "arguments": {"self": "%bent", "split_size": 3, "dim": 1}},
            {"name": "left", "operation": "getitem", "arguments": {"input": "%halves", "index": 0}},
            {"name": "right", "operation": "getitem", "arguments": {"input": "%halves", "index": 1}},
            {"name": "joined", "operation": "cat", "arguments": {"tensors": ["%left", "%right"], "dim": 1}},
            {"name": "two", "operation": "linear", "arguments": {"input": "%joined", "weight": "%v", "bias": null}},
            {"name": "masked", "operation": "masked_fill", "arguments": {"self": "%two", "mask": "%mask", "value": 0.5}},
            {"name": "soft", "operation": "_softmax", "arguments": {"self": "%masked", "dim": 1, "half_to_float": false}},
            {"name": "own", "operation": "sinh", "arguments": {"self": "%soft"}},
            {"name": "out", "operation": "mul", "arguments": {"self": "%own", "other": "%scale"}}
          ],
          "output": "%out"
        }
        """;

    [Fact]
    public void The_graph_that_is_spoiled_here_is_right() => Evaluate(Good);

    [Theory]
    [InlineData("\"tanh\"", "\"tanhh\"", "Node bent: there is no operation \"tanhh\" that curvature can be computed of")]
    [InlineData("\"tanh\"", "\"tanh_\"", "Node bent: there is no operation \"tanh_\"")]
    [InlineData("\"tanh\"", "\"from_file\"", "Node bent: there is no operation \"from_file\"")]
    [InlineData("\"tanh\"", "\"tan h\"", "Node bent: there is no operation \"tan h\"")]
    [InlineData("\"self\": \"%one\"", "\"self\": \"%own\"", "nodes[3].arguments.self is %own, which is no value before this one")]
    [InlineData("\"self\": \"%one\"", "\"self\": \"%nothing\"", "nodes[3].arguments.self is %nothing, which is no value before this one")]
    [InlineData("\"self\": \"%one\"", "\"self\": \"%halves\"", "nodes[3].arguments.self is %halves, which is no value before this one")]
    [InlineData("{\"self\": \"%soft\"}", "{\"self\": \"%soft\", \"dim\": 1}", "Node own (sinh) has the arguments (self: Tensor, dim: int); it must have (Tensor self).")]
    [InlineData("\"name\": \"bent\"", "\"name\": \"one\"", "nodes[3] has the name \"one\", which is there already")]
    [InlineData("\"output\": \"%out\"", "\"output\": \"%halves\"", "The output %halves is several results")]
    [InlineData("\"output\": \"%out\"", "\"output\": \"out\"", "output is \"out\"; it must be a value's name behind %")]
    [InlineData("\"index\": 1", "\"index\": 2", "The model cannot be evaluated on this batch")]
    [InlineData("\"dim\": 1, \"half", "\"dim\": \"x\", \"half", "Node soft (_softmax): argument dim is \"x\"; it must be a whole number")]
    [InlineData("\"dtype\": \"bool\"", "\"dtype\": \"string\"", "constants.mask.dtype is \"string\"; it must be one of float, int64")]
    [InlineData("[\"x\"]", "[\"x\", \"x\"]", "inputs[1] has the name \"x\", which is there already.")]
    [InlineData("[\"x\"]", "[]", "inputs is missing; it must be a list of names")]
    [InlineData("[\"x\"]", "[{\"name\": \"x\", \"dtype\": \"complex64\"}]", "inputs[0] must be a name, or an object with a name and a dtype, which is one of float, int64, bool.")]
    [InlineData("[\"x\"]", "[\"x\"], \"loss\": 1", "loss is 1; it must be true where the output is the loss")]
    [InlineData("[\"x\"]", "[\"x\"], \"loss\": true", "loss is true, so inputs must be the model's inputs and, behind them, the targets.")]
    [InlineData("\"shape\": [6, 4]", "\"shape\": [6, -4]", "parameters.w must have a shape, a list of sizes of 0 or more")]
    [InlineData("\"shape\": [6, 4]", "\"shape\": [6, 5]", "Node one (addmm) of ")]
    [InlineData("{\"batch\": 1}, 4", "{\"batch\": 1}, 3", "Node flat (reshape) of [5, 4]: shape '[5, 3]' is invalid for input of size 20")]
    [InlineData("{\"batch\": 1}, 4", "{\"batch\": 1, \"plus\": -2}, 4", "The model cannot be evaluated")]
    [InlineData("{\"batch\": 1}, 4", "{\"batch\": 4611686018427387904}, 4", "The model cannot be evaluated")]
    [InlineData("{\"shape\": [3, 6], \"trainable\": true}", "7", "parameters.v must have a shape")]
    [InlineData("\"nodes\": [", "\"nodes\": [ 5,", "nodes[0] must have a name, an operation and arguments")]
    public void What_is_wrong_is_said(string right, string wrong, string message)
    {
        Assert.Contains(right, Good, StringComparison.Ordinal);
        Rejected.Saying(message, () => Evaluate(Good.Replace(right, wrong, StringComparison.Ordinal)));
    }

    [Fact]
    public void A_graph_of_a_million_operations_is_refused_before_it_is_read()
    {
        const string one = "{\"name\": \"n0000000\", \"operation\": \"tanh\", \"arguments\": {\"self\": \"%x\"}},";
        var json = new StringBuilder(one.Length * 1_000_000 + 100).Append("{\"type\": \"Graph\", \"inputs\": [\"x\"], \"nodes\": [");
        for (int i = 0; i < 1_000_000; i++) json.Append(one);

        Rejected.Saying("a model's description has 33,554,432 at most", () => Parse(json.Append("]}").ToString()));
    }

    /// <summary>
    /// Any part of a graph exchanged for any other, or for something odd: a value comes out, or one message; nothing else,
    /// and the process lives.
    /// </summary>
    [Fact]
    public void Whatever_is_exchanged_in_a_graph_nothing_but_a_message_comes_out()
    {
        JsonNode?[] odd =
        [
            null, true, 0, -1, 3, 1L << 62, long.MinValue, 0.5, double.MaxValue, "", "%", "%x", "%b", "%halves", "x\"y", "nan",
            new JsonArray(), new JsonArray(1, 2), new JsonArray("%x", "%w"), new JsonObject(), new JsonObject { ["batch"] = -1 },
            new JsonObject { ["number"] = "inf" },
        ];
        for (int seed = 0; seed < 1500; seed++)
        {
            var random = new Random(seed);
            var root = JsonNode.Parse(Good)!;
            for (int change = 0; change <= seed % 2; change++)
            {
                var places = Places(root).ToList();
                var (place, key) = places[random.Next(places.Count)];
                var value = random.Next(3) == 0 ? places[random.Next(places.Count)] is var (other, name) ? At(other, name)?.DeepClone() : null
                    : odd[random.Next(odd.Length)]?.DeepClone();
                if (place is JsonArray list) list[(int)key] = value;
                else place.AsObject()[(string)key] = value;
            }

            using var scope = NewDisposeScope();
            try
            {
                Evaluate(root.ToJsonString());
            }
            catch (CurvatureException error)
            {
                Assert.False(string.IsNullOrWhiteSpace(error.Message));
            }
            catch (Exception error)
            {
                Assert.Fail($"Seed {seed}: {error}\n{root.ToJsonString()}");
            }
        }
    }

    private static IEnumerable<(JsonNode Place, object Key)> Places(JsonNode node)
    {
        IEnumerable<(object Key, JsonNode? Value)> items = node switch
        {
            JsonObject map => map.Select(item => ((object)item.Key, item.Value)),
            JsonArray list => list.Select((item, i) => ((object)i, item)),
            _ => [],
        };
        foreach (var (key, value) in items.ToList())
        {
            yield return (node, key);
            if (value is null) continue;
            foreach (var deeper in Places(value)) yield return deeper;
        }
    }

    private static JsonNode? At(JsonNode place, object key) => key is int index ? place[index] : place[(string)key];

    private static void Evaluate(string json)
    {
        using var model = Parse(json).Build(ScalarType.Float64, CPU);
        using var noGrad = no_grad();
        var numbers = new Numbers(1);
        foreach (var parameter in model.parameters()) parameter.copy_(numbers.Normal(parameter.shape));
        var risk = new EmpiricalRisk(model, new CrossEntropy(), numbers.Normal(5, 4), zeros(5, ScalarType.Int64));
        using var form = QuadraticForms.Create(risk);
        form.Evaluate(0, 2);
        risk.Value();
    }

    private static ModelDescription Parse(string json) => ModelDescription.Parse(Encoding.UTF8.GetBytes(json), "model.json");
}
