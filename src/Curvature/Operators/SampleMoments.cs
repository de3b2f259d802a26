using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Operators;

/// <summary>Mean and variance of each sample's own probes, over stacks of probes one after another.</summary>
/// <remarks>
/// Stacks are merged by their means and sums of squared deviations (T. F. Chan, G. H. Golub and R. J. LeVeque, «Updating formulae and
/// a pairwise algorithm for computing sample variances», 1979).
/// </remarks>
internal sealed class SampleMoments : IDisposable
{
    private readonly Tensor _mean;
    private readonly Tensor _deviations;
    private long _count;

    /// <summary>Of no probe.</summary>
    /// <param name="samples">N.</param>
    /// <param name="columns">Values per probe and sample.</param>
    /// <param name="device">Where.</param>
    public SampleMoments(long samples, int columns, Device device)
    {
        _mean = zeros([samples, columns + 1], ScalarType.Float64, device).DetachFromDisposeScope();
        _deviations = zeros_like(_mean).DetachFromDisposeScope();
    }

    /// <summary>Adds a stack of probes of some samples; every sample's part of a stack comes before the next stack's.</summary>
    /// <param name="firstSample">The first sample.</param>
    /// <param name="values"><c>[P, n, columns]</c> in float64.</param>
    public void Add(long firstSample, Tensor values)
    {
        using var scope = NewDisposeScope();
        long more = values.shape[0];
        var all = cat([values, values.sum(2, keepdim: true)], 2);
        var mean = _mean.narrow(0, firstSample, values.shape[1]);
        var deviations = _deviations.narrow(0, firstSample, values.shape[1]);
        var center = all.mean([0]);
        var apart = center.sub(mean);
        deviations.PlusInPlace(all.sub(center).Squared().sum([0])).PlusInPlace(apart.Squared().TimesInPlace(_count * (double)more / (_count + more)));
        mean.PlusInPlace(apart.TimesInPlace(more / (double)(_count + more)));
    }

    /// <summary>A stack is complete.</summary>
    /// <param name="probes">How many probes it had.</param>
    public void EndStack(int probes) => _count += probes;

    /// <summary>What the probes up to now come to; at least two.</summary>
    public SampleSpread Spread()
    {
        using var scope = NewDisposeScope();
        var variances = _deviations.Times(1.0 / (_count - 1));
        return new SampleSpread(Numbers(variances.sum([0])), Numbers(variances.Squared().sum([0])));

        static double[] Numbers(Tensor values) => MemoryMarshal.Cast<byte, double>(values.cpu().bytes).ToArray();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _mean.Dispose();
        _deviations.Dispose();
    }
}
