using ActorHutch.Curvature.Native;
using ActorHutch.Curvature.Probes;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Tests.Probes;

/// <summary>Signs are written by the processor, or unpacked by libtorch from bits on a device: the same signs.</summary>
public class UnpackingTests
{
    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(3, 2, 31)]
    [InlineData(2, 5, 128)]
    [InlineData(4, 1, 1000)]
    public void Bits_unpacked_by_libtorch_are_the_signs_written_by_the_processor(int probes, int streams, int length)
    {
        LibTorch.Load();
        using var scope = NewDisposeScope();
        var bits = new ProbeBits(42, ProbeDistribution.Rademacher, ProbeSpace.Output);
        foreach (var dtype in new[] { ScalarType.Float32, ScalarType.Float64 })
        {
            var written = bits.Draw(7, probes, 3, streams, length, dtype, CPU);
            var unpacked = bits.DrawOnDevice(7, probes, 3, streams, length, dtype, CPU);

            Assert.Equal(written.shape, unpacked.shape);
            Assert.Equal(dtype, unpacked.dtype);
            Assert.Equal(0, (written - unpacked).count_nonzero().item<long>());
        }
    }
}
