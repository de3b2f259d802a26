using ActorHutch.Curvature.Data;
using ActorHutch.Curvature.Data.Arrays;
using ActorHutch.Curvature.Data.Bytes;
using ActorHutch.Fuzzing;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Tests.Data;

/// <summary>
/// Thousands of damaged files of every format. Each is read or rejected with a CurvatureException, and nothing is
/// allocated that a file of its length could not hold.
/// </summary>
public sealed class FuzzTests : DataFolder
{
    private const int Files = 8000;

    /// <summary>What a reader may allocate for any file: pieces to unpack with, and an exception.</summary>
    private const long FixedBytes = 400_000;

    /// <summary>What it may allocate for each byte of a file besides. JSON takes the most, 12 bytes for a bracket.</summary>
    private const long BytesPerByte = 64;

    /// <summary>An unsigned number takes twice its width.</summary>
    private const long TensorBytesPerByte = 2;

    /// <summary>No stream of deflate makes more of a byte.</summary>
    private const long UnpackedBytesPerByte = 1032;

    private static readonly Element Float32 = Element.All["F32"];
    private static readonly byte[] IdxSeed =
        Written.Idx(Element.All["I16"], [3, 2, 20], Enumerable.Range(0, 120).Select(i => (double)i));

    private static readonly byte[] NpySeed = Written.Npy(">f4", [20, 3], Float32.Bytes(new double[60]));
    private static readonly byte[] FortranSeed = Written.Npy("<u2", [4, 3, 5], new byte[120], fortran: true, version: 2);
    private static readonly byte[] BooleanSeed = Written.Npy("|b1", [100], new byte[100], version: 3);
    private static readonly byte[] SafetensorsSeed = Written.Safetensors(
        ("inputs", Float32, [4, 3], new double[12]), ("targets", Element.All["U64"], [4], new double[4]),
        ("x", Element.All["BF16"], [], [1]), ("mask", Element.All["BOOL"], [2, 2], [0, 1, 1, 0]));

    public static TheoryData<string> Formats =>
    [
        "idx", "idx.gz", "npy", "npy in Fortran order", "npy of booleans", "npy.gz", "npz, stored", "npz, deflated",
        "npz of 64 bits", "torch.save", "safetensors",
    ];

    [Theory]
    [MemberData(nameof(Formats))]
    public void A_damaged_file_is_read_or_rejected(string format)
    {
        var (content, pack) = Seed(format);
        var mutations = new Mutations(seed: format.Length);
        var (read, rejected) = (0, 0);
        Assert.Null(Open(pack(content), fromDisk: true));
        for (int i = 0; i < Files; i++)
        {
            // Within what is packed, or around it.
            byte[] bytes = mutations.Coin() ? pack(mutations.Mutate(content)) : mutations.Mutate(pack(content));
            if (Open(bytes, fromDisk: i % 16 == 0) is null)
                read++;
            else
                rejected++;
        }

        // Damage to elements goes unseen, so that both must come about.
        Assert.InRange(read, Files / 100, Files);
        Assert.InRange(rejected, Files / 4, Files);
    }

    /// <returns>What was wrong with it, or null.</returns>
    private CurvatureException? Open(byte[] bytes, bool fromDisk)
    {
        string path = Path("damaged");
        if (fromDisk) Write("damaged", bytes);
        long before = GC.GetAllocatedBytesForCurrentThread();
        CurvatureException? error = null;
        try
        {
            using var file = fromDisk ? ArrayFiles.Open(path) : ArrayFiles.Open(new MemoryBytes(path, bytes));
            ReadAll(file, bytes);
        }
        catch (CurvatureException found)
        {
            error = found;
            Assert.StartsWith(path, found.Message, StringComparison.Ordinal);
        }
        catch (Exception other)
        {
            string kept = System.IO.Path.Combine(System.IO.Path.GetTempPath(), "actorhutch-fuzz-failure");
            File.WriteAllBytes(kept, bytes);
            Assert.Fail($"{kept} brings {other}");
        }

        bool isPacked = bytes is [0x1F, 0x8B, ..] or [0x50, 0x4B, ..];
        long allowed = FixedBytes + (bytes.Length * (isPacked ? 2 * UnpackedBytesPerByte : BytesPerByte));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, allowed);
        return error;
    }

    private static void ReadAll(ArrayFile file, byte[] bytes)
    {
        using var scope = NewDisposeScope();
        bool isPacked = bytes is [0x1F, 0x8B, ..] or [0x50, 0x4B, ..];
        long allowed = bytes.Length * TensorBytesPerByte * (isPacked ? UnpackedBytesPerByte : 1);
        foreach (var array in file.Arrays)
        {
            long size = array.Shape.Aggregate(8L, (product, length) => checked(product * length));
            Assert.InRange(size / 8, 0, allowed);

            using var all = array.Read();
            Assert.Equal(array.Shape, all.shape);
            Assert.InRange(all.numel() * all.element_size(), 0, allowed);
            if (array.Shape.Count == 0 || array.Shape[0] < 2) continue;
            using var rows = array.Read(1, array.Shape[0] - 1);
            using var same = all.narrow(0, 1, array.Shape[0] - 1).contiguous();
            Assert.True(rows.bytes.SequenceEqual(same.bytes));
        }
    }

    private static (byte[] Content, Func<byte[], byte[]> Pack) Seed(string format) => format switch
    {
        "idx" => (IdxSeed, bytes => bytes),
        "idx.gz" => (IdxSeed, Written.Gzip),
        "npy" => (NpySeed, bytes => bytes),
        "npy in Fortran order" => (FortranSeed, bytes => bytes),
        "npy of booleans" => (BooleanSeed, bytes => bytes),
        "npy.gz" => (NpySeed, Written.Gzip),
        "npz, stored" => (NpySeed, bytes => Zip(new WrittenZip(), bytes, 0)),
        "npz, deflated" => (FortranSeed, bytes => Zip(new WrittenZip(), bytes, 8)),
        "npz of 64 bits" => (NpySeed, bytes => Zip(new WrittenZip { Large = true }, bytes, 8)),
        "torch.save" => (TorchSaveTests.Pickled(), bytes => TorchSaveTests.Zip(bytes)),
        _ => (SafetensorsSeed, bytes => bytes),
    };

    private static byte[] Zip(WrittenZip zip, byte[] inputs, int method)
    {
        zip.Add("inputs.npy", inputs, method);
        zip.Add("targets.npy", BooleanSeed, method);
        return zip.Bytes("a comment");
    }
}
