using ActorHutch.Curvature.Graphs;
using ActorHutch.Curvature.Sweeps;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Losses;

/// <summary>
/// Cross-entropy of unnormalised scores z <c>[N, C, …]</c> with class numbers y <c>[N, …]</c> (int64 or uint8), or with
/// probabilities of the classes, <c>[N, C, …]</c>, as PyTorch's <c>CrossEntropyLoss</c>.
/// </summary>
/// <remarks>
/// For one position ∇²ℓ = u (diag p − p pᵀ) with p = softmax(z) and u = Σ_k w_k t_k, t the target's probabilities with their
/// smoothing and w the classes' weights, so żᵀ ∇²ℓ ż = u Σ_k p_k (ż_k − Σ_j p_j ż_j)². A root of it is
/// S = √u (diag √p − p √pᵀ), since √pᵀ √p = 1.
/// </remarks>
public sealed class CrossEntropy : ClassificationLoss
{
    private readonly double _labelSmoothing;

    /// <summary>With options of PyTorch's.</summary>
    /// <param name="reduction">Mean (the default; weighted by the classes' weights, as PyTorch does), sum, or the samples' mean of it.</param>
    /// <param name="classWeights">w, one for each class; null for ones.</param>
    /// <param name="labelSmoothing">From 0 to 1: how much of the target is spread evenly over the classes.</param>
    /// <param name="ignoreIndex">
    /// Positions with this class number count for nothing: the mean is over the others. It may be one of the classes.
    /// </param>
    /// <param name="classDimension">The output's dimension of the classes, counted from the end where it is negative.</param>
    public CrossEntropy(
        Reduction reduction = Reduction.Mean, IReadOnlyList<double>? classWeights = null, double labelSmoothing = 0,
        long ignoreIndex = DefaultIgnoreIndex, long classDimension = 1)
        : base("a cross-entropy", reduction, classWeights, ignoreIndex, classDimension)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(labelSmoothing);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(labelSmoothing, 1);
        _labelSmoothing = labelSmoothing;
    }

    private protected override bool TakesProbabilities => true;

    private protected override Tensor Reduced(Tensor output, Tensor target, Tensor? weights)
    {
        if (LogProbabilities.Of(output) is { } logs)
        {
            using (logs)
                return new ReducedLikelihood(Reduction == Reduction.Mean, weights, _labelSmoothing, IgnoreIndex).Of(logs, target);
        }

        return nn.functional.cross_entropy(output, target, weights, IgnoreIndex, Native, _labelSmoothing);
    }

    private protected override LossCurvature Linearized(Tensor output, Tensor target, Tensor? weights, long samples, int place)
    {
        long classes = output.shape[1];
        var each = weights ?? ones([classes], output.dtype, output.device);
        Tensor scale;
        double total = 1;
        if (AreClasses(target))
        {
            var (numbers, isCounted) = Counted(target);
            var counted = isCounted.to(output.dtype);
            var own = each.index_select(0, numbers.flatten()).view(target.shape) * counted;
            var smooth = each.mean() * counted;
            scale = own.Times(1 - _labelSmoothing).Plus(smooth.Times(_labelSmoothing));
            if (Reduction == Reduction.Mean) scale /= own.sum();
        }
        else
        {
            var smoothed = ReducedLikelihood.Smoothed(target, _labelSmoothing, classes);
            scale = (smoothed * each.view([1, -1, .. output.shape[2..].Select(_ => 1L)])).sum(1);
            if (Reduction == Reduction.Mean) total = (double)output.numel() / classes;
        }

        if (Reduction == Reduction.BatchMean) total = samples;
        return new Softmax(output, total == 1 ? scale : scale.Times(1 / total), place);
    }

    /// <summary>The curvature of a softmax whose positions count differently.</summary>
    private sealed class Softmax : LossCurvature
    {
        private readonly SharedTensor _probabilities;
        private readonly SharedTensor _weighted;
        private readonly SharedTensor _scale;
        private readonly int _place;

        public Softmax(Tensor output, Tensor scale, int place)
        {
            var probabilities = output.softmax(1);
            _place = place;
            _probabilities = new SharedTensor(probabilities);
            _weighted = new SharedTensor(probabilities * scale.unsqueeze(1));
            _scale = new SharedTensor(scale.unsqueeze(1));
        }

        public override void AddTo(Sweep sweep, Tensor output)
        {
            using var moved = _place == 1 ? null : Positions(output, _place, first: 1);
            var tangent = moved ?? output;
            using var weighted = tangent * _probabilities.For(tangent);
            using var mean = weighted.sum(2, keepdim: true);
            using var centred = tangent - mean;
            sweep.AddSquares(centred, _weighted);
        }

        public override Tensor Root(Tensor numbers)
        {
            var scale = RootOf(_scale.Value);
            var probabilities = _probabilities.Value;
            var root = probabilities.sqrt();
            var drawn = _place == 1 ? numbers : Positions(numbers, _place, first: 1);
            // √p ∘ (r − √p (√pᵀ r)). For the likeliest class that is a small difference where p is nearly 1: there it is
            // r (1 − p) − √p Σ √p_k r_k, 1 − p and the sum being over the others.
            var top = probabilities.argmax(1, keepdim: true);
            var others = ones_like(probabilities).scatter(1, top, zeros_like(top, dtype: probabilities.dtype));
            var rest = (probabilities * others).sum(1, keepdim: true);
            var products = drawn * root;
            var ofTop = drawn * rest - root * (products * others).sum(2, keepdim: true);
            var ofOthers = drawn - root * products.sum(2, keepdim: true);
            var result = where(others.to(ScalarType.Bool), ofOthers, ofTop) * (root * scale);
            if (_place == 1) return result;
            long[] shape = numbers.shape;
            return result.reshape([.. shape.Where((_, d) => d != _place + 1), shape[_place + 1]]).movedim([-1], [_place + 1]);
        }

        protected override void Dispose(bool disposing)
        {
            _probabilities.Dispose();
            _weighted.Dispose();
            _scale.Dispose();
            base.Dispose(disposing);
        }
    }
}
