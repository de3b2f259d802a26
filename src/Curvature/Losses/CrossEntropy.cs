using ActorHutch.Curvature.Sweeps;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Losses;

/// <summary>
/// Cross-entropy of unnormalised scores z <c>[N, C, …]</c> with class numbers y <c>[N, …]</c> (int64 or uint8), or with
/// probabilities of the classes, <c>[N, C, …]</c>, as PyTorch's <c>CrossEntropyLoss</c>.
/// </summary>
/// <remarks>
/// For one position ∇²ℓ = u (diag p − p pᵀ) with p = softmax(z) and u the sum of the target's weights, so
/// żᵀ ∇²ℓ ż = u Σ_k p_k (ż_k − Σ_j p_j ż_j)².
/// </remarks>
/// <param name="reduction">Mean (the default; weighted by the classes' weights, as PyTorch does) or sum.</param>
/// <param name="classWeights"><c>[C]</c>; null for ones.</param>
/// <param name="labelSmoothing">From 0 to 1: how much of the target is spread evenly over the classes.</param>
/// <param name="ignoreIndex">
/// Positions with this class number count for nothing: the mean is over the others. It may be one of the classes.
/// </param>
public sealed class CrossEntropy(
    Reduction reduction = Reduction.Mean, Tensor? classWeights = null, double labelSmoothing = 0,
    long ignoreIndex = CrossEntropy.DefaultIgnoreIndex) : Loss(reduction)
{
    /// <summary>The class number that counts for nothing where nobody names another, as in PyTorch.</summary>
    public const long DefaultIgnoreIndex = -100;

    /// <inheritdoc/>
    public override Tensor Value(Tensor output, Tensor target)
    {
        ArgumentNullException.ThrowIfNull(output);
        ArgumentNullException.ThrowIfNull(target);
        // libtorch takes other types for some shapes and options, and computes in the coarser one of both.
        var converted = target.to(AreClasses(target) ? ScalarType.Int64 : output.dtype);
        if (output.dim() > 1 && LogProbabilities.Of(output) is { } logs)
        {
            using (logs)
                return new NegativeLogLikelihood(Reduction, classWeights, labelSmoothing, ignoreIndex).Of(logs, converted);
        }

        return nn.functional.cross_entropy(
            output, converted, classWeights, ignoreIndex,
            Reduction == Reduction.Mean ? nn.Reduction.Mean : nn.Reduction.Sum, labelSmoothing);
    }

    /// <inheritdoc/>
    public override string? Misfit(Tensor output, Tensor target)
    {
        ArgumentNullException.ThrowIfNull(output);
        ArgumentNullException.ThrowIfNull(target);
        long[] scores = output.shape;
        if (scores.Length < 2)
            return $"{Both(output, target)}; cross-entropy takes a score for each class, so the output must be [N, C, …]";
        if (classWeights is not null && classWeights.numel() != scores[1])
            return $"{Both(output, target)}; there are weights of {classWeights.numel()} classes, and the output has {scores[1]}";

        long[] positions = [scores[0], .. scores[2..]];
        if (target.is_floating_point())
        {
            if (!target.shape.SequenceEqual(scores)) return Refusal();
            return ignoreIndex < 0
                ? null
                : $"{Both(output, target)}; probabilities have no class number {ignoreIndex} to ignore";
        }

        return AreClasses(target) && target.shape.SequenceEqual(positions) ? null : Refusal();

        string Refusal() => $"{Both(output, target)}; for a cross-entropy the targets must be class numbers, "
            + $"{EmpiricalRisk.Describe(ScalarType.Int64, positions)}, or probabilities of the {scores[1]} classes, "
            + EmpiricalRisk.Describe(output.dtype, scores);
    }

    /// <inheritdoc/>
    public override double Weight(Tensor target)
    {
        ArgumentNullException.ThrowIfNull(target);
        // Targets that are probabilities, [N, C, …], are averaged over their positions.
        if (!AreClasses(target)) return target.numel() / (target.dim() < 2 ? 1.0 : target.shape[1]);

        using var scope = NewDisposeScope();
        var (classes, isCounted) = Counted(target);
        if (classWeights is null) return isCounted.sum().item<long>();
        var own = classWeights.index_select(0, classes.flatten()).view(target.shape);
        return (own * isCounted).sum().to(ScalarType.Float64).item<double>();
    }

    /// <inheritdoc/>
    public override (Tensor Wrong, string Right)? Mistakes(IReadOnlyList<long> outputShape, Tensor target)
    {
        ArgumentNullException.ThrowIfNull(outputShape);
        ArgumentNullException.ThrowIfNull(target);
        long count = outputShape[1];
        using var scope = NewDisposeScope();
        using TorchSharp.Scalar none = 0;
        if (!AreClasses(target))
        {
            return (target.lt(none).MoveToOuterDisposeScope(),
                "must be class numbers, or probabilities of the classes, which are not negative");
        }

        using TorchSharp.Scalar end = count;
        var (classes, isCounted) = Counted(target);
        var outside = classes.lt(none).logical_or(classes.ge(end)).logical_and(isCounted);
        return (outside.MoveToOuterDisposeScope(),
            $"must be class numbers from 0 to {count - 1}, since the model's output has {count} classes, or "
            + $"{ignoreIndex}, which is ignored (--ignore-index)");
    }

    /// <inheritdoc/>
    public override LossCurvature Linearize(Tensor output, Tensor target)
    {
        ArgumentNullException.ThrowIfNull(output);
        ArgumentNullException.ThrowIfNull(target);
        if (!AreClasses(target))
        {
            throw new NoLayerRuleException(
                $"Cross-entropy with {target.dtype} targets has no layer rule, only with class numbers (int64).");
        }

        using var scope = NewDisposeScope();
        var weights = classWeights ?? ones([output.shape[1]], output.dtype, output.device);
        var (classes, isCounted) = Counted(target);
        var counted = isCounted.to(output.dtype);
        var own = weights.index_select(0, classes.flatten()).view(target.shape) * counted;
        var smooth = weights.mean() * counted;
        var scale = own.Times(1 - labelSmoothing).Plus(smooth.Times(labelSmoothing));
        if (Reduction == Reduction.Mean) scale /= own.sum();
        return new Softmax(output, scale);
    }

    /// <summary>The types that PyTorch takes class numbers in.</summary>
    private static bool AreClasses(Tensor target) => target.dtype is ScalarType.Int64 or ScalarType.Byte;

    /// <summary>The classes, 0 in the place of an ignored one, and which of them count.</summary>
    private (Tensor Classes, Tensor IsCounted) Counted(Tensor target)
    {
        using TorchSharp.Scalar ignored = ignoreIndex;
        // A comparison in uint8 would take −100 for 156.
        var classes = target.to(ScalarType.Int64);
        var isCounted = classes.ne(ignored);
        return (classes * isCounted, isCounted);
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
