using ActorHutch.Curvature.Graphs;
using ActorHutch.Curvature.Sweeps;
using TorchSharp;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Losses;

/// <summary>∇²ℓ of a loss at one output z: what every stack of probes needs of it, computed once.</summary>
public abstract class LossCurvature : TensorOwner
{
    /// <summary>Adds żᵀ ∇²ℓ(z) ż for each lane.</summary>
    /// <param name="output">ż, <c>[P, N, …]</c>.</param>
    /// <param name="sweep">Where to.</param>
    public abstract void AddTo(Sweep sweep, Tensor output);

    /// <summary>
    /// S r with a root S Sᵀ = ∇²ℓ(z), which takes each sample for itself; null (the default) where no root is known. With r
    /// random, E[r rᵀ] = I, that is a draw with the covariance ∇²ℓ.
    /// </summary>
    /// <param name="numbers">r, <c>[P, N, …]</c>.</param>
    /// <returns><c>[P, N, …]</c>, for use inside the current scope.</returns>
    /// <exception cref="NoLayerRuleException">∇²ℓ has a negative eigenvalue, and so no root.</exception>
    public virtual Tensor? Root(Tensor numbers) => null;

    /// <summary>√c of what ∇²ℓ is proportional to; what rounding has put below 0 counts as 0.</summary>
    /// <exception cref="NoLayerRuleException">Some of it is negative.</exception>
    private protected static Tensor RootOf(Tensor curvature)
    {
        using Scalar zero = 0;
        using var least = curvature.numel() == 0 ? zeros([], curvature.dtype) : curvature.amin();
        if (least.ToDouble() < 0)
        {
            using var most = curvature.abs().amax();
            if (least.ToDouble() < -Math.Sqrt(finfo(curvature.dtype).eps) * most.ToDouble())
            {
                throw new NoLayerRuleException(
                    FormattableString.Invariant($"The loss has a negative second derivative ({least.ToDouble():G3}) at some outputs, so it has no root."),
                    "Prediction space needs one: look for negative class weights.");
            }
        }

        return curvature.clamp(min: zero).sqrt();
    }
}

/// <summary>A loss that is linear in the output.</summary>
internal sealed class NoLossCurvature : LossCurvature
{
    /// <inheritdoc/>
    public override void AddTo(Sweep sweep, Tensor output)
    {
    }

    /// <inheritdoc/>
    public override Tensor Root(Tensor numbers) => zeros_like(numbers);
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
    public override Tensor Root(Tensor numbers) => numbers * RootOf(_secondDerivative.Value);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        _secondDerivative.Dispose();
        base.Dispose(disposing);
    }
}
