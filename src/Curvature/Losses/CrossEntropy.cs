using ActorHutch.Curvature.Sweeps;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Losses;

/// <summary>
/// Cross-entropy of unnormalised scores z <c>[N, C, …]</c> with class numbers y <c>[N, …]</c> (int64), as PyTorch's
/// <c>CrossEntropyLoss</c>.
/// </summary>
/// <remarks>
/// For one position ∇²ℓ = u (diag p − p pᵀ) with p = softmax(z) and u the sum of the target's weights, so
/// żᵀ ∇²ℓ ż = u Σ_k p_k (ż_k − Σ_j p_j ż_j)².
/// </remarks>
/// <param name="reduction">Mean (the default; weighted by the classes' weights, as PyTorch does) or sum.</param>
/// <param name="classWeights"><c>[C]</c>; null for ones.</param>
/// <param name="labelSmoothing">From 0 to 1: how much of the target is spread evenly over the classes.</param>
/// <param name="ignoreIndex">Positions with this class number count for nothing.</param>
public sealed class CrossEntropy(
    Reduction reduction = Reduction.Mean, Tensor? classWeights = null, double labelSmoothing = 0,
    long ignoreIndex = -100) : Loss(reduction)
{
    /// <inheritdoc/>
    public override Tensor Value(Tensor output, Tensor target) => nn.functional.cross_entropy(
        output, target, classWeights, ignoreIndex,
        Reduction == Reduction.Mean ? nn.Reduction.Mean : nn.Reduction.Sum, labelSmoothing);

    /// <inheritdoc/>
    public override double Weight(Tensor target)
    {
        ArgumentNullException.ThrowIfNull(target);
        // Targets that are probabilities, [N, C, …], are averaged over their positions.
        if (target.dtype != ScalarType.Int64) return (double)target.numel() / target.shape[1];

        using var scope = NewDisposeScope();
        using TorchSharp.Scalar ignored = ignoreIndex;
        var isCounted = target.ne(ignored);
        if (classWeights is null) return isCounted.sum().item<long>();
        var own = classWeights.index_select(0, (target * isCounted).flatten()).view(target.shape);
        return (own * isCounted).sum().to(ScalarType.Float64).item<double>();
    }

    /// <inheritdoc/>
    public override (Tensor Wrong, string Right)? Mistakes(IReadOnlyList<long> outputShape, Tensor target)
    {
        ArgumentNullException.ThrowIfNull(outputShape);
        ArgumentNullException.ThrowIfNull(target);
        if (outputShape.Count < 2) return null;
        long classes = outputShape[1];
        using var scope = NewDisposeScope();
        using TorchSharp.Scalar none = 0;
        if (target.dtype != ScalarType.Int64)
        {
            return (target.lt(none).MoveToOuterDisposeScope(),
                "must be class numbers, or probabilities of the classes, which are not negative");
        }

        using TorchSharp.Scalar end = classes;
        using TorchSharp.Scalar ignored = ignoreIndex;
        var outside = target.lt(none).logical_or(target.ge(end)).logical_and(target.ne(ignored));
        return (outside.MoveToOuterDisposeScope(),
            $"must be class numbers from 0 to {classes - 1}, since the model's output has {classes} classes");
    }

    /// <inheritdoc/>
    public override LossCurvature Linearize(Tensor output, Tensor target)
    {
        ArgumentNullException.ThrowIfNull(output);
        ArgumentNullException.ThrowIfNull(target);
        if (target.dtype != ScalarType.Int64)
        {
            throw new NoLayerRuleException(
                $"Cross-entropy with {target.dtype} targets has no layer rule, only with class numbers (int64). "
                + "Use --method autodiff.");
        }

        using var scope = NewDisposeScope();
        var weights = classWeights ?? ones([output.shape[1]], output.dtype, output.device);
        using TorchSharp.Scalar ignored = ignoreIndex;
        var isCounted = target.ne(ignored);
        var counted = isCounted.to(output.dtype);
        var classes = target * isCounted;
        var own = weights.index_select(0, classes.flatten()).view(target.shape) * counted;
        var smooth = weights.mean() * counted;
        var scale = own.Times(1 - labelSmoothing).Plus(smooth.Times(labelSmoothing));
        if (Reduction == Reduction.Mean) scale /= own.sum();
        return new Softmax(output, scale);
    }

    /// <summary>The curvature of a softmax whose positions count differently.</summary>
    private sealed class Softmax : LossCurvature
    {
        private readonly SharedTensor _probabilities;
        private readonly SharedTensor _weighted;

        public Softmax(Tensor output, Tensor scale)
        {
            var probabilities = output.softmax(1);
            _probabilities = new SharedTensor(probabilities);
            _weighted = new SharedTensor(probabilities * scale.unsqueeze(1));
        }

        public override void AddTo(Sweep sweep, Tensor output)
        {
            using var weighted = output * _probabilities.For(output);
            using var mean = weighted.sum(2, keepdim: true);
            using var centred = output - mean;
            sweep.AddSquares(centred, _weighted);
        }

        protected override void Dispose(bool disposing)
        {
            _probabilities.Dispose();
            _weighted.Dispose();
            base.Dispose(disposing);
        }
    }
}
