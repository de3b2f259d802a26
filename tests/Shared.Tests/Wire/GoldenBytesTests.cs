using ActorHutch.Curvature.Operators;
using ActorHutch.Curvature.Probes;
using ActorHutch.Shared.Jobs;
using ActorHutch.Shared.Messages;
using ActorHutch.Shared.Wire;

namespace ActorHutch.Shared.Tests.Wire;

/// <summary>
/// The format itself, written down. Where a test fails because a field was added, a new line is added beside the old
/// one, which must still be read; where it fails for any other reason, the change breaks every journal and every peer.
/// </summary>
public sealed class GoldenBytesTests(Serializing wire) : IClassFixture<Serializing>
{
    private static readonly Guid Run = new("00112233-4455-6677-8899-aabbccddeeff");

    private static readonly Dictionary<string, IProtocolMessage> Messages = new()
    {
        ["RW"] = new RegisterWorker("gpu-7", -2, "cuda:1", 80L << 30, 4),
        ["WR"] = new WorkerRefused(-2, "other release"),
        ["PR"] = new PrepareReplica(Run, new JobSpec
        {
            Kind = JobKind.Exact,
            Matrix = CurvatureMatrix.Ggn,
            Structure = BlockStructure.Full,
            Method = CurvatureMethod.Hmp,
            ProbeSpace = ProbeSpace.Output,
            Distribution = ProbeDistribution.Gaussian,
            Probes = 300,
            VBatch = 7,
            Seed = ulong.MaxValue,
            Dtype = Dtype.Float64,
            RelativeError = 0.25,
            ConfidenceLevel = 0.5,
        }),
        ["RC"] = new RunChunk(Run, 300, 2, 15_000, 50),
        ["CD"] = new ChunkDone(Run, 300, 2, new ProbeValues(15_000, 2, [1, -2, 0.5, double.NaN]), 0.25, 0),
    };

    [Theory]
    [InlineData("RW", "")]
    [InlineData("WR", "")]
    [InlineData("PR", "")]
    [InlineData("RC", "")]
    [InlineData("CD", "")]
    public void A_message_is_these_bytes_and_these_bytes_are_the_message(string manifest, string bytes)
    {
        var message = Messages[manifest];

        Assert.Equal(bytes, Convert.ToHexStringLower(wire.Write(message, out string written)));
        Assert.Equal(manifest, written);
        Assert.Null(RandomMessages.Difference(message, wire.Read(Convert.FromHexString(bytes), manifest), manifest));
    }

    [Fact]
    public void The_serializer_has_its_number() => Assert.Equal(4171, ProtocolSerializer.Number);
}
