using static TorchSharp.torch;

namespace ActorHutch.Curvature;

/// <summary>Samples that are read a range at a time. An instance belongs to one thread at a time.</summary>
public interface ISamples
{
    /// <summary>N, how many samples.</summary>
    long SampleCount { get; }

    /// <summary>The first sample's number where they come from, by which messages name samples. Default: 0.</summary>
    long Offset => 0;

    /// <summary>The samples <paramref name="first"/>, …, counted from 0.</summary>
    /// <param name="first">The first sample.</param>
    /// <param name="count">How many.</param>
    /// <param name="dtype">The computation's type: float32 or float64.</param>
    /// <param name="device">Where they are put.</param>
    /// <returns>Inputs and targets, <c>[count, …]</c>. The caller disposes of both.</returns>
    /// <exception cref="CurvatureException">They cannot be read.</exception>
    (ModelInputs Inputs, Tensor Targets) Read(long first, long count, ScalarType dtype, Device device);

    /// <summary>Says which numbers of some samples are not finite, where they come from files and somebody found such.</summary>
    /// <param name="first">The first sample.</param>
    /// <param name="count">How many.</param>
    /// <param name="dtype">The computation's type.</param>
    /// <exception cref="CurvatureException">There are some: how many, and where the first one is.</exception>
    void CheckFinite(long first, long count, ScalarType dtype)
    {
    }
}

/// <summary>Some of the samples, counted from 0. The samples stay their owner's.</summary>
/// <param name="samples">All of them.</param>
/// <param name="first">The first one.</param>
/// <param name="count">How many.</param>
internal sealed class SampleRange(ISamples samples, long first, long count) : ISamples
{
    public long SampleCount => count;

    public long Offset => samples.Offset + first;

    public (ModelInputs Inputs, Tensor Targets) Read(long start, long length, ScalarType dtype, Device device) =>
        samples.Read(first + start, length, dtype, device);

    public void CheckFinite(long start, long length, ScalarType dtype) => samples.CheckFinite(first + start, length, dtype);
}

/// <summary>Samples in memory. The tensors stay the caller's, and so does their disposal.</summary>
public sealed class TensorSamples : ISamples
{
    private readonly ModelInputs _inputs;
    private readonly Tensor _targets;

    /// <summary>Samples of tensors.</summary>
    /// <param name="inputs">The inputs, <c>[N, …]</c> each, as the model takes them.</param>
    /// <param name="targets">The targets, <c>[N, …]</c>, as the loss takes them.</param>
    /// <exception cref="CurvatureException">There are no samples, or not one target for each.</exception>
    public TensorSamples(ModelInputs inputs, Tensor targets)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        ArgumentNullException.ThrowIfNull(targets);
        inputs.CheckTargets(targets);
        (_inputs, _targets) = (inputs, targets);
    }

    /// <inheritdoc/>
    public long SampleCount => _inputs.SampleCount;

    /// <inheritdoc/>
    public (ModelInputs Inputs, Tensor Targets) Read(long first, long count, ScalarType dtype, Device device) =>
        (_inputs.Narrow(first, count), _targets.narrow(0, first, count));
}
