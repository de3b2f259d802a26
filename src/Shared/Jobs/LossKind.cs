using ActorHutch.Curvature.Losses;

namespace ActorHutch.Shared.Jobs;

/// <summary>The losses that a job can name; <see cref="LossEntry"/> says what each of them is.</summary>
public enum LossKind
{
    /// <summary><see cref="Curvature.Losses.CrossEntropy"/>.</summary>
    CrossEntropy,

    /// <summary><see cref="MeanSquaredError"/>.</summary>
    Mse,

    /// <summary><see cref="BinaryCrossEntropyWithLogits"/>.</summary>
    Bce,

    /// <summary><see cref="BinaryCrossEntropy"/>.</summary>
    BceOfProbabilities,

    /// <summary><see cref="NegativeLogLikelihood"/>.</summary>
    Nll,

    /// <summary><see cref="AbsoluteError"/>.</summary>
    L1,

    /// <summary><see cref="SmoothAbsoluteError"/>.</summary>
    SmoothL1,

    /// <summary><see cref="HuberLoss"/>.</summary>
    Huber,

    /// <summary><see cref="KullbackLeiblerDivergence"/>.</summary>
    KlDiv,
}
