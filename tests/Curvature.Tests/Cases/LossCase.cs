using ActorHutch.Curvature.Losses;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Tests.Cases;

/// <summary>A loss of the shared table.</summary>
/// <param name="Loss">The loss.</param>
/// <param name="Targets">Makes targets for an output's shape.</param>
internal sealed record LossCase(Loss Loss, Func<Numbers, long[], Tensor> Targets)
{
    public static readonly IReadOnlyDictionary<string, LossCase> All = new Dictionary<string, LossCase>
    {
        ["cross-entropy, mean"] = new(new CrossEntropy(), Classes),
        ["cross-entropy, sum"] = new(new CrossEntropy(Reduction.Sum), Classes),
        ["squared error, mean"] = new(new MeanSquaredError(), Reals),
        ["squared error, sum"] = new(new MeanSquaredError(Reduction.Sum), Reals),
    };

    private static Tensor Classes(Numbers numbers, long[] output) =>
        numbers.Classes(output[1], [output[0], .. output[2..]]);

    private static Tensor Reals(Numbers numbers, long[] output) => numbers.Normal(output);
}
