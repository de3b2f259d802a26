using ActorHutch.Curvature.Probes;
using ActorHutch.Curvature.Risks;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Operators;

/// <summary>Quadratic forms that are sums over samples, each of which has probes of its own: they tell the spread by sample.</summary>
internal abstract class SampledForm(EmpiricalRisk risk, ProbeDistribution distribution) : StackedForm(risk)
{
    /// <summary>Numbers of which moments are kept at most: a sample's for each block, and for their sum.</summary>
    private const long MostMoments = 1L << 24;

    private SampleMoments? _moments;

    /// <summary>Of random probes, or basis vectors.</summary>
    protected ProbeDistribution Distribution { get; } = distribution;

    /// <summary>Samples that are taken together: the first of them, and what their values are multiplied with.</summary>
    protected abstract IReadOnlyList<(long FirstSample, double Factor)> Parts { get; }

    /// <inheritdoc/>
    public override ProbeValues Evaluate(long firstProbe, int count, CancellationToken cancellation = default)
    {
        int columns = Math.Max(1, Blocks.Count);
        bool tells = Shapes.Count == 0 && Distribution != ProbeDistribution.Basis && count > 1 && Risk.SampleCount * (columns + 1) <= MostMoments;
        using var moments = tells ? new SampleMoments(Risk.SampleCount, columns, Risk.Device) : null;
        _moments = moments;
        try
        {
            var values = base.Evaluate(firstProbe, count, cancellation);
            return moments is null ? values : values.With(moments.Spread());
        }
        finally
        {
            _moments = null;
        }
    }

    /// <summary>The quadratic forms of a part's samples, <c>[count, n, columns]</c> in float64.</summary>
    /// <param name="part">Which.</param>
    /// <param name="firstProbe">The first probe.</param>
    /// <param name="count">How many.</param>
    protected abstract Tensor BySample(int part, long firstProbe, int count);

    /// <inheritdoc/>
    protected override Tensor EvaluateStack(long firstProbe, int count)
    {
        var sum = zeros([count, Math.Max(1, Blocks.Count)], ScalarType.Float64, Risk.Device);
        for (int part = 0; part < Parts.Count; part++)
        {
            using var scope = NewDisposeScope();
            var (first, factor) = Parts[part];
            var values = BySample(part, firstProbe, count);
            if (factor != 1) values.TimesInPlace(factor);
            sum.PlusInPlace(values.sum(1));
            _moments?.Add(first, values);
        }

        _moments?.EndStack(count);
        return sum;
    }
}
