using System.Runtime.InteropServices;
using ActorHutch.Curvature;
using ActorHutch.Curvature.Data.Arrays;
using ActorHutch.Curvature.Losses;
using ActorHutch.Curvature.Operators;
using ActorHutch.Shared.Jobs;

namespace ActorHutch.GpuWorker.Tests.Replicas;

/// <summary>Replicas of graphs: several inputs by name, and models that compute their own loss.</summary>
public sealed class GraphReplicaTests : ReplicaTests
{
    private const int Samples = 12, Places = 4, Words = 7, Width = 3;

    private const string Body = """
        {"name": "words", "operation": "embedding", "arguments": {"weight": "%table", "indices": "%ids", "padding_idx": -1}},
        {"name": "hidden", "operation": "unsqueeze", "arguments": {"self": "%mask", "dim": -1}},
        {"name": "kept", "operation": "masked_fill", "arguments": {"self": "%words", "mask": "%hidden", "value": 0}},
        {"name": "mean", "operation": "mean", "arguments": {"self": "%kept", "dim": [1], "keepdim": false, "dtype": null}},
        {"name": "tanh", "operation": "tanh", "arguments": {"self": "%mean"}},
        {"name": "scores", "operation": "linear", "arguments": {"input": "%tanh", "weight": "%head", "bias": null}}
        """;

    private const string SquaredError = """
        , {"name": "far", "operation": "sub", "arguments": {"self": "%scores", "other": "%targets", "alpha": 1}},
        {"name": "squares", "operation": "pow", "arguments": {"self": "%far", "exponent": 2}},
        {"name": "means", "operation": "mean", "arguments": {"self": "%squares", "dim": [1], "keepdim": false, "dtype": null}},
        {"name": "whole", "operation": "mean", "arguments": {"self": "%means", "dtype": null}}
        """;

    public GraphReplicaTests()
    {
        Files.Write("weights.safetensors", ("table", "F32", [Words, Width], Files.Reals(Words * Width)), ("head", "F32", [2, Width], Files.Reals(2 * Width)));
        WriteData("ids", "mask");
    }

    [Fact]
    public void Each_input_is_the_array_of_its_name_whatever_their_order()
    {
        WriteModel("scores");
        double[] expected = Values(Source());
        WriteData("mask", "ids");

        Assert.Equal(expected, Values(Source()));
        // The same numbers but for the mask: it is read, and as truth values.
        WriteData("ids", "mask", shift: 1);
        Assert.NotEqual(expected, Values(Source()));
    }

    [Fact]
    public void Micro_batches_of_several_inputs_add_up()
    {
        WriteModel("scores");

        // Float32 sums of a dozen terms in another order.
        Near(Values(Source()), Values(Source() with { MicroBatch = 5 }), 1e-5);
    }

    [Theory]
    [InlineData("means")]
    [InlineData("whole")]
    public void A_loss_in_the_graph_is_the_loss(string output)
    {
        WriteModel("scores");
        double[] expected = Values(Source());
        WriteModel(output, computesLoss: true);

        Near(expected, Values(Source()), 1e-5);
        using var replica = Create(Source());
        Assert.Equal(("model", "mean", "the model computes it"), (replica.Model.Loss!.Name, replica.Model.Loss.Reduction, replica.Model.Loss.Reason));
        var error = Assert.Throws<CurvatureException>(() => replica.QuadraticForm(new CurvatureOptions { Matrix = CurvatureMatrix.Ggn }));
        Assert.Contains("The model computes its own loss, so the Gauss-Newton matrix is not defined", error.Message, StringComparison.Ordinal);
        Rejected("takes the targets and computes its own loss. Leave out this option.", Source() with { Loss = LossKind.Mse });
    }

    [Fact]
    public void Losses_of_samples_are_summed_cut_and_probed_in_output_space()
    {
        WriteModel("means", computesLoss: true);
        double[] expected = Values(Source());

        Near(expected, Values(Source() with { MicroBatch = 5 }), 1e-5);
        Near([.. expected.Select(value => value * Samples)], Values(Source() with { Reduction = Reduction.Sum }), 1e-5);
        using var replica = Create(Source());
        using var basis = replica.QuadraticForm(new CurvatureOptions { ProbeSpace = Curvature.Probes.ProbeSpace.Output, Distribution = Curvature.Probes.ProbeDistribution.Basis });
        using var rows = replica.QuadraticForm(new CurvatureOptions { Distribution = Curvature.Probes.ProbeDistribution.Basis });
        Near([Trace(rows)], [Trace(basis)], 1e-4);

        static double Trace(IQuadraticForm form) => form.Evaluate(0, (int)form.BasisCount).Values.ToArray().Sum();
    }

    [Fact]
    public void One_number_of_all_samples_has_no_micro_batches()
    {
        WriteModel("whole", computesLoss: true);
        using var replica = Create(Source() with { MicroBatch = 5 });

        var error = Assert.Throws<CurvatureException>(() => replica.QuadraticForm(new CurvatureOptions()));

        Assert.Contains("whose first dimension does not count them", error.Message, StringComparison.Ordinal);
        Assert.Contains("microBatch all", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_does_not_fit_is_said()
    {
        WriteModel("scores");
        Rejected("the model takes 2 inputs, and they are not scaled", Source() with { Scale = new InputScale(0.5) });
        WriteData("ids", "msk");
        Rejected("it has no array called mask; its arrays are: ids, msk, targets.", Source());
        WriteData("ids", "mask", maskType: "F32");
        Rejected("array mask: the model takes truth values there, and the array is Float32.", Source());
        WriteData("ids", "mask", masks: Samples - 1);
        Rejected("array ids has 12 samples, and", Source());
    }

    private void WriteModel(string output, bool computesLoss = false) => File.WriteAllText(Files.PathOf("model.json"), $$"""
        { "type": "Graph",
          "inputs": [{"name": "ids", "dtype": "int64"}, {"name": "mask", "dtype": "bool"}{{(computesLoss ? ", \"targets\"" : "")}}],
          "loss": {{(computesLoss ? "true" : "false")}},
          "parameters": {"table": {"shape": [{{Words}}, {{Width}}]}, "head": {"shape": [2, {{Width}}]} },
          "nodes": [{{Body}}{{(computesLoss ? SquaredError : "")}}],
          "output": "%{{output}}" }
        """);

    private void WriteData(string first, string second, int shift = 0, string maskType = "BOOL", int masks = Samples)
    {
        byte[] ids = MemoryMarshal.AsBytes(Enumerable.Range(0, Samples * Places).Select(i => (long)(i * 5 % Words)).ToArray().AsSpan()).ToArray();
        byte[] mask = [.. Enumerable.Range(0, masks * Places).Select(i => (byte)((i + shift) % 3 == 0 ? 1 : 0))];
        if (maskType == "F32") mask = MemoryMarshal.AsBytes(mask.Select(bit => (float)bit).ToArray().AsSpan()).ToArray();
        byte[] targets = MemoryMarshal.AsBytes(Enumerable.Range(0, Samples * 2).Select(i => i * 0.1f).ToArray().AsSpan()).ToArray();
        (string, string, int[], byte[]) Array(string name) => name == "ids"
            ? (name, "I64", [Samples, Places], ids)
            : (name, maskType, [masks, Places], mask);
        Files.Write("data.safetensors", Array(first), Array(second), ("targets", "F32", [Samples, 2], targets));
    }

    private double[] Values(RiskSource source)
    {
        using var replica = Create(source);
        replica.CheckDeterminism();
        using var form = replica.QuadraticForm(new CurvatureOptions { Structure = BlockStructure.Full, Method = CurvatureMethod.Quadratic });
        return form.Evaluate(0, 4).Values.ToArray();
    }

    private static void Near(double[] expected, double[] actual, double tolerance)
    {
        double scale = expected.Max(Math.Abs);
        Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, tolerance * scale));
    }
}
