using ActorHutch.Curvature.LayerRules;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Losses;

/// <summary>∇²ℓ of a loss at one output z: what every stack of probes needs of it, computed once.</summary>
public abstract class LossCurvature : TensorOwner
{
    /// <summary>Adds żᵀ ∇²ℓ(z) ż for each lane.</summary>
    /// <param name="output">ż.</param>
    /// <param name="sweep">Where to.</param>
    public abstract void AddTo(Sweep sweep, Lanes output);
}

/// <summary>A loss whose second derivative mixes no two numbers of the output.</summary>
internal sealed class DiagonalLossCurvature : LossCurvature
{
    private readonly long[] _shape;
    private readonly Tensor _secondDerivative;

    /// <summary>From ∂²ℓ/∂z², in the output's shape.</summary>
    public DiagonalLossCurvature(Tensor secondDerivative)
    {
        _shape = secondDerivative.shape;
        _secondDerivative = Keep(Lanes.Shared(secondDerivative, LaneLayout.SamplesLast));
    }

    /// <inheritdoc/>
    public override void AddTo(Sweep sweep, Lanes output) =>
        sweep.AddSquares(output.To(LaneLayout.SamplesLast, _shape), _secondDerivative);
}
