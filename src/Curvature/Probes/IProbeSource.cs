using static TorchSharp.torch;

namespace ActorHutch.Curvature.Probes;

/// <summary>Where the probes of parameter space come from.</summary>
/// <remarks>
/// A stack of probes is asked for block by block, in the model's order. An implementation that draws from a stream
/// can rely on that; one that computes probe i from i, as <see cref="PhiloxProbes"/> does, need not.
/// </remarks>
public interface IProbeSource
{
    /// <summary>One block's part of some probes.</summary>
    /// <param name="block">The block.</param>
    /// <param name="firstProbe">The first probe's number.</param>
    /// <param name="count">How many probes.</param>
    /// <returns>
    /// <c>[count, *block.Shape]</c> of the block's number type and device, the caller's to dispose; null where all of
    /// it is zero.
    /// </returns>
    Tensor? Draw(ParameterBlock block, long firstProbe, int count);
}
