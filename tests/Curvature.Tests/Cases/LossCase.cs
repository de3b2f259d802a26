using System.Runtime.InteropServices;
using ActorHutch.Curvature.Losses;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Tests.Cases;

/// <summary>A loss of the shared table.</summary>
/// <param name="Make">Makes the loss for an output's shape.</param>
/// <param name="Targets">Makes targets for an output's shape.</param>
internal sealed record LossCase(Func<long[], Loss> Make, Func<Numbers, long[], Tensor> Targets)
{
    /// <summary>One of each kind, for the table of all models.</summary>
    public static readonly string[] Kinds = ["cross-entropy, mean", "squared error, sum", "binary, mean"];

    public static readonly IReadOnlyDictionary<string, LossCase> All = new Dictionary<string, LossCase>
    {
        ["cross-entropy, mean"] = new(_ => new CrossEntropy(), Classes),
        ["cross-entropy, sum"] = new(_ => new CrossEntropy(Reduction.Sum), Classes),
        ["weighted cross-entropy, mean"] = new(o => new CrossEntropy(classWeights: Weights(o)), Classes),
        ["weighted cross-entropy, sum"] = new(o => new CrossEntropy(Reduction.Sum, Weights(o)), Classes),
        ["smoothed cross-entropy"] = new(_ => new CrossEntropy(labelSmoothing: 0.2), Classes),
        ["cross-entropy that ignores"] = new(_ => new CrossEntropy(), SomeIgnored),
        ["cross-entropy with all options, mean"] = new(
            o => new CrossEntropy(Reduction.Mean, Weights(o), 0.3), SomeIgnored),
        ["cross-entropy with all options, sum"] = new(
            o => new CrossEntropy(Reduction.Sum, Weights(o), 0.3), SomeIgnored),
        ["squared error, mean"] = new(_ => new MeanSquaredError(), Reals),
        ["squared error, sum"] = new(_ => new MeanSquaredError(Reduction.Sum), Reals),
        ["binary, mean"] = new(_ => new BinaryCrossEntropyWithLogits(), Probabilities),
        ["binary, sum"] = new(_ => new BinaryCrossEntropyWithLogits(Reduction.Sum), Probabilities),
    };

    private static Tensor Classes(Numbers numbers, long[] output) =>
        numbers.Classes(output[1], [output[0], .. output[2..]]);

    private static Tensor SomeIgnored(Numbers numbers, long[] output)
    {
        var classes = Classes(numbers, output);
        var all = MemoryMarshal.Cast<byte, long>(classes.bytes);
        for (int i = 1; i < all.Length; i += 3) all[i] = -100;
        return classes;
    }

    private static Tensor Weights(long[] output) =>
        tensor([.. Enumerable.Range(0, (int)output[1]).Select(c => 0.5 + c)], ScalarType.Float64);

    private static Tensor Reals(Numbers numbers, long[] output) => numbers.Normal(output);

    private static Tensor Probabilities(Numbers numbers, long[] output) => numbers.Normal(output).sigmoid();
}
