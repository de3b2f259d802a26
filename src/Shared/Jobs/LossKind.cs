using ActorHutch.Curvature.Losses;

namespace ActorHutch.Shared.Jobs;

/// <summary>The losses that a job can name.</summary>
public enum LossKind
{
    /// <summary>Cross-entropy of unnormalised scores with class numbers, <see cref="CrossEntropy"/>.</summary>
    CrossEntropy,

    /// <summary>The mean squared error, <see cref="MeanSquaredError"/>.</summary>
    Mse,

    /// <summary>Binary cross-entropy of logits, <see cref="BinaryCrossEntropyWithLogits"/>.</summary>
    Bce,
}
