using System.Text;
using ActorHutch.Curvature;
using ActorHutch.Curvature.Operators;
using ActorHutch.Shared.Jobs;
using ActorHutch.Shared.Messages;
using ActorHutch.Shared.Wire;

namespace ActorHutch.Shared.Tests.Wire;

/// <summary>What is said of vectors of all parameters, which are too large for a message.</summary>
public sealed class VectorsOnTheWireTests(Serializing wire) : IClassFixture<Serializing>
{
    private static readonly Guid Run = new("00112233-4455-6677-8899-aabbccddeeff");

    private static readonly ReplicaReady Ready = new(
        Run, new ReplicaDescription("m", "00ff", 15_890, 4), CurvatureMethod.Hmp, "asked for", ["w", "b", "s"], 8, 0.5)
    { Shapes = [[20, 784], [20], []] };

    [Fact]
    public void A_blob_s_name_and_length_are_in_the_message()
    {
        var vectors = new BlobReference(BlobId.Of("v"u8), 1L << 40);
        var chunk = new RunChunk(Run, 3, 1, new Tile(7, 1, 64, 64)) { VectorsBlob = vectors, Keeps = true };
        var offered = new ChunkOffered(Run, 3, 1, vectors, 0.25, 0.125);

        Assert.Equal(chunk, wire.Read(wire.Write(chunk, out string run), run));
        Assert.Equal(offered, wire.Read(wire.Write(offered, out string offer), offer));
    }

    [Fact]
    public void Vectors_themselves_are_no_part_of_a_message()
    {
        var chunk = new RunChunk(Run, 3, 1, new Tile(7, 1, 64, 64)) { Vectors = new ProbeValues(7, 1, [1]) };

        Assert.Contains("as a blob", Assert.Throws<WireException>(() => wire.Write(chunk, out _)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Shapes_come_back_a_number_s_too()
    {
        var read = (ReplicaReady)wire.Read(wire.Write(Ready, out string manifest), manifest);

        Assert.Equal(Ready.Shapes, read.Shapes);
        Assert.Equal(20 * 784 + 20 + 1, read.Columns);
    }

    /// <summary>The coordinator adds them up: numbers of elements that no array has must not reach it.</summary>
    [Theory]
    [InlineData("20,784", "00,784")]
    [InlineData("20,784", "2147483647,2147483647,2147483647,2147483647,2147483647")]
    [InlineData("20,784", "2147483647,2")]
    [InlineData("20,784", "-1,784")]
    [InlineData("20,784", "4294967297")]
    [InlineData("20,784", "20,,784")]
    [InlineData("20,784", "20, 784")]
    public void Shapes_of_no_model_are_refused(string shape, string other)
    {
        var ready = Ready with { Shapes = [[20, 784]] };
        byte[] bytes = wire.Write(ready, out string manifest);
        Assert.Equal(20 * 784, ((ReplicaReady)wire.Read(bytes, manifest)).Columns);

        // The field's length is the byte before it.
        byte[] text = Encoding.ASCII.GetBytes(shape), changed = Encoding.ASCII.GetBytes(other);
        int place = bytes.AsSpan().LastIndexOf(text);
        byte[] wrong = [.. bytes[..(place - 1)], (byte)changed.Length, .. changed, .. bytes[(place + text.Length)..]];

        Assert.Throws<WireException>(() => wire.Read(wrong, manifest));
    }
}
