using ActorHutch.Curvature.Sweeps;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Losses;

/// <summary>∇²ℓ of a loss at one output z: what every stack of probes needs of it, computed once.</summary>
public abstract class LossCurvature : TensorOwner
{
    /// <summary>Adds żᵀ ∇²ℓ(z) ż for each lane.</summary>
    /// <param name="output">ż, <c>[P, N, …]</c>.</param>
    /// <param name="sweep">Where to.</param>
    public abstract void AddTo(Sweep sweep, Tensor output);
}

/// <summary>A loss whose second derivative mixes no two numbers of the output.</summary>
internal sealed class DiagonalLossCurvature : LossCurvature
{
    private readonly SharedTensor _secondDerivative;

    /// <summary>From ∂²ℓ/∂z², in the output's shape.</summary>
    public DiagonalLossCurvature(Tensor secondDerivative) => _secondDerivative = new SharedTensor(secondDerivative);

    /// <inheritdoc/>
    public override void AddTo(Sweep sweep, Tensor output) => sweep.AddSquares(output, _secondDerivative);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        _secondDerivative.Dispose();
        base.Dispose(disposing);
    }
}
