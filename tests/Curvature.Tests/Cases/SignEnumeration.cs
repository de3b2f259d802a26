using ActorHutch.Curvature.Probes;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Tests.Cases;

/// <summary>
/// Probe i has the signs of i's binary digits: probes 0 to 2^D − 1 are every sign vector there is, once.
/// </summary>
internal sealed class SignEnumeration(IReadOnlyList<ParameterBlock> blocks) : IProbeSource
{
    public int Count { get; } = 1 << (int)blocks.Sum(block => block.Size);

    public Tensor Draw(ParameterBlock block, long firstProbe, int count)
    {
        int offset = (int)blocks.Take(block.Index).Sum(earlier => earlier.Size);
        var signs = new double[count * block.Size];
        for (int i = 0; i < signs.Length; i++)
            signs[i] = ((firstProbe + i / block.Size) >> (offset + i % (int)block.Size) & 1) == 0 ? -1 : 1;
        return tensor(signs, [count, .. block.Shape]);
    }
}
