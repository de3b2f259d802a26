using ActorHutch.Curvature;
using ActorHutch.Curvature.Data.Arrays;
using ActorHutch.Curvature.Estimation;
using ActorHutch.Curvature.Losses;
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
        ["RW"] = new RegisterWorker("gpu-7", -2, "cuda:1", 80L << 30, 4) { Protocol = 3 },
        ["WR"] = new WorkerRefused(-2, "other release"),
        ["PR"] = new PrepareReplica(Run, new JobSpec
        {
            Estimator = Estimator.Exact,
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
        ["PR of files"] = new PrepareReplica(Run, new JobSpec
        {
            Risk = new RiskSource
            {
                Model = "m.pt",
                ModelFile = new InputFile("m.pt", BlobId.Of("m"u8), 1),
                Data = new InputFile("d.npz", BlobId.Of("d"u8), 2),
                Scale = new InputScale(1, 255),
                Normalize = new Normalization(0.5, 0.25),
                Samples = 9,
                Offset = 3,
                MicroBatch = RiskSource.WholeBatch,
                Loss = LossKind.CrossEntropy,
                Reduction = Reduction.Sum,
                LossArguments = new LossArguments { IgnoreIndex = -100 },
            },
        }),
        ["PR of segments"] = new PrepareReplica(Run, new JobSpec
        {
            Risk = new RiskSource { Model = "m", Data = new InputFile("d.npy", BlobId.Of("d"u8), 2L << 20) { Segments = BlobId.Of("s"u8) } },
        }),
        ["PR of a loss"] = new PrepareReplica(Run, new JobSpec
        {
            Risk = new RiskSource
            {
                Model = "m",
                Loss = LossKind.CrossEntropy,
                Reduction = Reduction.BatchMean,
                LossArguments = new LossArguments
                {
                    ClassDimension = -1,
                    ClassWeights = new NumberList([0.5, 1]),
                    LabelSmoothing = 0.25,
                    PosWeight = new NumberList([2]),
                    Beta = 0.5,
                    Delta = 2,
                    LogTarget = true,
                },
            },
        }),
        ["RC"] = new RunChunk(Run, 300, 2, new Tile(15_000, 50, 0, 0)),
        ["CD"] = new ChunkDone(Run, 300, 2, new ProbeValues(15_000, 2, [1, -2, 0.5, double.NaN]), 0.25, 0),
    };

    [Theory]
    [InlineData("RW",
        "0a056770752d3711feffffffffffffff1a06637564613a312080808080c00228043003")]
    [InlineData("WR",
        "09feffffffffffffff120d6f746865722072656c65617365")]
    [InlineData("PR",
        "0a1000112233445566778899aabbccddeeff12610a056578616374120d6d6e6973742d6578616d70"
        + "6c651a0367676e220466756c6c2a03686d7032066f75747075743a08676175737369616e40ac0248"
        + "0751ffffffffffffffff5a07666c6f6174363461000000000000d03f69000000000000e03f")]
    [InlineData("PR of files",
        "0a1000112233445566778899aabbccddeeff12fc010a08657374696d61746512046d2e70741a0768"
        + "65737369616e2205626c6f636b3209706172616d657465723a0a726164656d616368657240e8075a"
        + "07666c6f6174333269666666666666ee3f72ad010a2a0a046d2e7074122062c66a7a5dd70c314661"
        + "8063c344e531e6d4b59e379808443ce962b3abd63c5a1801322b0a05642e6e707a122018ac3e7343"
        + "f016890c510e93f935261169d9e3f565436429830faf0934f4f8e4180249000000000000e03f5100"
        + "0000000000d03f5809600368ffffffffffffffff7f720d63726f73732d656e74726f70797a037375"
        + "6d8101000000000000f03f89010000000000e06f4090019cffffffffffffffff01")]
    [InlineData("PR of segments",
        "0a1000112233445566778899aabbccddeeff12a3010a08657374696d61746512016d1a0768657373"
        + "69616e2205626c6f636b3209706172616d657465723a0a726164656d616368657240e8075a07666c"
        + "6f6174333269666666666666ee3f725832500a05642e6e7079122018ac3e7343f016890c510e93f9"
        + "35261169d9e3f565436429830faf0934f4f8e418808080012220043a718774c572bd8a25adbeb1bf"
        + "cd5c0256ae11cecf9f9c3f925d0e52beaf897a046d65616e")]
    [InlineData("PR of a loss",
        "0a1000112233445566778899aabbccddeeff12b1010a08657374696d61746512016d1a07686573"
        + "7369616e2205626c6f636b3209706172616d657465723a0a726164656d616368657240e8075a07"
        + "666c6f6174333269666666666666ee3f7266720d63726f73732d656e74726f70797a0a62617463"
        + "682d6d65616e9a014808ffffffffffffffffff0112120a10000000000000e03f000000000000f0"
        + "3f19000000000000d03f220a0a08000000000000004029000000000000e03f3100000000000000"
        + "403801")]
    [InlineData("RC",
        "0a1000112233445566778899aabbccddeeff10ac0218022098752832")]
    [InlineData("CD",
        "0a1000112233445566778899aabbccddeeff10ac021802222708987510021a20000000000000f03f"
        + "00000000000000c0000000000000e03f000000000000f8ff29000000000000d03f")]
    public void A_message_is_these_bytes_and_these_bytes_are_the_message(string name, string bytes)
    {
        var message = Messages[name];
        string manifest = name[..2];

        Assert.Equal(bytes, Convert.ToHexStringLower(wire.Write(message, out string written)));
        Assert.Equal(manifest, written);
        Assert.Null(RandomMessages.Difference(message, wire.Read(Convert.FromHexString(bytes), manifest), manifest));
    }

    [Fact]
    public void The_serializer_has_its_number() => Assert.Equal(4171, ProtocolSerializer.Number);
}
