using static TorchSharp.torch;

namespace ActorHutch.Curvature.Probes;

/// <summary>Rademacher or Gaussian probes in parameter space; probe i depends on the seed and on i alone.</summary>
/// <param name="seed">The seed.</param>
/// <param name="distribution">Rademacher or Gaussian.</param>
public sealed class PhiloxProbes(ulong seed, ProbeDistribution distribution = ProbeDistribution.Rademacher)
    : IProbeSource
{
    private readonly ProbeBits _bits = new(seed, Random(distribution), ProbeSpace.Parameter);

    /// <inheritdoc/>
    public Tensor Draw(ParameterBlock block, long firstProbe, int count)
    {
        ArgumentNullException.ThrowIfNull(block);
        using var flat = _bits.Draw(
            firstProbe, count, (uint)block.Index, 1, block.Size, block.Parameter.dtype, block.Parameter.device);
        return flat.view([count, .. block.Shape]);
    }

    /// <summary>The same entries packed, a bit each; null where they are no signs, or not wanted on the CPU in float32.</summary>
    internal PackedSigns? Pack(ParameterBlock block, long firstProbe, int count)
    {
        var parameter = block.Parameter;
        bool packs = distribution == ProbeDistribution.Rademacher
            && parameter.dtype == ScalarType.Float32 && parameter.device.type == TorchSharp.DeviceType.CPU;
        if (!packs) return null;

        int words = checked((int)((block.Size + 31) / 32));
        var packed = new uint[checked((long)count * words + 2)];
        for (int p = 0; p < count; p++)
            _bits.FillPacked(firstProbe + p, (uint)block.Index, packed.AsSpan(checked(p * words), words));
        return new PackedSigns(packed, count, words);
    }

    private static ProbeDistribution Random(ProbeDistribution distribution) =>
        distribution != ProbeDistribution.Basis
            ? distribution
            : throw new ArgumentException("Basis vectors are not random: use BasisProbes.", nameof(distribution));
}
