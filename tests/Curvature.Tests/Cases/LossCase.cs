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
        ["binary with a weight"] = new(_ => new BinaryCrossEntropyWithLogits(posWeight: [2.5]), Probabilities),
        ["binary with weights"] = new(o => new BinaryCrossEntropyWithLogits(Reduction.BatchMean, Weights(o)), Probabilities),
        ["binary with weights of the last dimension"] = new(
            o => new BinaryCrossEntropyWithLogits(posWeight: Weights(o, ^1), classDimension: -1), Probabilities),
        ["cross-entropy with all options, the samples' mean"] = new(
            o => new CrossEntropy(Reduction.BatchMean, Weights(o), 0.3), SomeIgnored),
        ["cross-entropy of probabilities, mean"] = new(_ => new CrossEntropy(), Distributions),
        ["weighted and smoothed cross-entropy of probabilities, mean"] = new(
            o => new CrossEntropy(Reduction.Mean, Weights(o), 0.3), Distributions),
        ["weighted and smoothed cross-entropy of probabilities, sum"] = new(
            o => new CrossEntropy(Reduction.Sum, Weights(o), 0.3), Distributions),
        ["cross-entropy of probabilities, the samples' mean"] = new(_ => new CrossEntropy(Reduction.BatchMean), Distributions),
        ["cross-entropy, classes last"] = new(_ => new CrossEntropy(classDimension: -1), ClassesLast),
        ["cross-entropy with all options, classes last"] = new(
            o => new CrossEntropy(Reduction.Mean, Weights(o, ^1), 0.3, classDimension: -1), SomeIgnoredLast),
        ["cross-entropy with all options, classes last, the samples' mean"] = new(
            o => new CrossEntropy(Reduction.BatchMean, Weights(o, ^1), 0.3, classDimension: -1), SomeIgnoredLast),
        ["cross-entropy of probabilities, classes last"] = new(
            o => new CrossEntropy(Reduction.Mean, Weights(o, ^1), 0.1, classDimension: -1), Probabilities),
        ["negative log-likelihood"] = new(o => new NegativeLogLikelihood(classWeights: Weights(o)), SomeIgnored),
        ["negative log-likelihood, classes last, sum"] = new(
            o => new NegativeLogLikelihood(Reduction.Sum, Weights(o, ^1), classDimension: -1), SomeIgnoredLast),
        ["squared error, the samples' mean"] = new(_ => new MeanSquaredError(Reduction.BatchMean), Reals),
        ["absolute error"] = new(_ => new AbsoluteError(), Reals),
        ["smooth absolute error"] = new(_ => new SmoothAbsoluteError(Reduction.Sum, 0.7), Reals),
        ["Huber loss"] = new(_ => new HuberLoss(Reduction.Mean, 1.4), Reals),
        ["KL divergence"] = new(_ => new KullbackLeiblerDivergence(Reduction.BatchMean), Distributions),
        ["KL divergence of logarithms"] = new(_ => new KullbackLeiblerDivergence(logTarget: true), (n, o) => Distributions(n, o).log()),
    };

    private static Tensor Classes(Numbers numbers, long[] output) =>
        numbers.Classes(output[1], [output[0], .. output[2..]]);

    private static Tensor SomeIgnored(Numbers numbers, long[] output) => SomeIgnored(Classes(numbers, output));

    private static Tensor SomeIgnored(Tensor classes)
    {
        var all = MemoryMarshal.Cast<byte, long>(classes.bytes);
        for (int i = 1; i < all.Length; i += 3) all[i] = -100;
        return classes;
    }

    private static Tensor ClassesLast(Numbers numbers, long[] output) => numbers.Classes(output[^1], output[..^1]);

    private static Tensor SomeIgnoredLast(Numbers numbers, long[] output) => SomeIgnored(ClassesLast(numbers, output));

    private static Tensor Distributions(Numbers numbers, long[] output) => numbers.Normal(output).softmax(1);

    private static double[] Weights(long[] output) => Weights(output, 1);

    private static double[] Weights(long[] output, Index dimension) =>
        [.. Enumerable.Range(0, (int)output[dimension]).Select(c => 0.5 + c)];

    private static Tensor Reals(Numbers numbers, long[] output) => numbers.Normal(output);

    private static Tensor Probabilities(Numbers numbers, long[] output) => numbers.Normal(output).sigmoid();
}
