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
    (Tensor Inputs, Tensor Targets) Read(long first, long count, ScalarType dtype, Device device);
}

/// <summary>Samples in memory. The tensors stay the caller's, and so does their disposal.</summary>
public sealed class TensorSamples : ISamples
{
    private readonly Tensor _inputs;
    private readonly Tensor _targets;

    /// <summary>Samples of two tensors.</summary>
    /// <param name="inputs">The inputs, <c>[N, …]</c>, as the model takes them.</param>
    /// <param name="targets">The targets, <c>[N, …]</c>, as the loss takes them.</param>
    /// <exception cref="CurvatureException">There are no samples, or not one target for each.</exception>
    public TensorSamples(Tensor inputs, Tensor targets)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        ArgumentNullException.ThrowIfNull(targets);
        EmpiricalRisk.CheckBatch(inputs, targets);
        (_inputs, _targets) = (inputs, targets);
    }

    /// <inheritdoc/>
    public long SampleCount => _inputs.shape[0];

    /// <inheritdoc/>
    public (Tensor Inputs, Tensor Targets) Read(long first, long count, ScalarType dtype, Device device) =>
        (_inputs.narrow(0, first, count), _targets.narrow(0, first, count));
}
