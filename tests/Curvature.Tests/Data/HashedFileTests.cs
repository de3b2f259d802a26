using System.Security.Cryptography;
using ActorHutch.Curvature.Data;
using ActorHutch.Curvature.Data.Bytes;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Tests.Data;

/// <summary>Files that change after they were hashed: what is read is what was hashed, or nothing is.</summary>
public sealed class HashedFileTests : DataFolder
{
    private const int Block = ContentHashes.BlockSize;

    [Theory, InlineData(1), InlineData(Block - 1), InlineData(Block), InlineData(Block + 1), InlineData((3 * Block) + 17)]
    public void Any_range_is_what_is_in_the_file(int length)
    {
        var (path, bytes) = Random(length);
        using var file = HashedFile.Open(path);
        using var reader = file.Bytes();
        var random = new Random(length);

        Assert.Equal((Convert.ToHexStringLower(SHA256.HashData(bytes)), (long)length), (file.Content.Sha256, file.Content.Length));
        for (int i = 0; i < 300; i++)
        {
            int start = random.Next(length + 1), count = random.Next(length - start + 1);
            byte[] read = new byte[count];
            reader.Read(start, read);
            Assert.Equal(bytes[start..(start + count)], read);
        }

        Rejected.Saying("it ends at", () => reader.Read(1, new byte[length]));
    }

    [Fact]
    public void What_comes_in_pieces_of_any_length_has_the_hashes_of_the_whole()
    {
        var (path, bytes) = Random((5 * Block) + 3);
        using var hashes = new ContentHashes.Builder();
        var random = new Random(1);
        for (int at = 0, count; at < bytes.Length; at += count)
        {
            count = Math.Min(random.Next(2 * Block), bytes.Length - at);
            hashes.Append(bytes.AsSpan(at, count));
        }

        using var file = HashedFile.Open(path, hashes.Finish());
        using var stream = file.OpenRead();
        using var copy = new MemoryStream();
        stream.CopyTo(copy);
        Assert.Equal(bytes, copy.ToArray());
    }

    [Theory, InlineData(1), InlineData(16 * Block), InlineData((16 * Block) + 1), InlineData(40 * Block)]
    public void Segments_are_hashed_one_by_one_and_change_no_other_hash(int length)
    {
        var (path, bytes) = Random(length);
        using HashedFile plain = HashedFile.Open(path), file = HashedFile.Open(path, withSegments: true);
        byte[][] segments = [.. bytes.Chunk(SegmentHashes.SegmentSize)];
        var hashes = file.Content.Segments!;

        Assert.Null(plain.Content.Segments);
        Assert.Equal(plain.Content.Sha256, file.Content.Sha256);
        Assert.Equal((segments.Length, (long)length), (hashes.Count, hashes.Length));
        for (int i = 0; i < segments.Length; i++)
        {
            Assert.Equal(SHA256.HashData(segments[i]), hashes[i].ToArray());
            Assert.Equal(segments[i].Length, hashes.LengthOf(i));
            using var stream = file.OpenRead(SegmentHashes.StartOf(i), hashes.LengthOf(i));
            Assert.Equal(SHA256.HashData(segments[i]), SHA256.HashData(stream));
        }

        Assert.Equal(SHA256.HashData(segments.SelectMany(SHA256.HashData).ToArray()), SHA256.HashData(hashes.Bytes.Span));
    }

    /// <summary>Written into the same file, with its length and its time as they were: only the content tells.</summary>
    [Theory, InlineData(0), InlineData(Block - 1), InlineData(Block), InlineData((2 * Block) + 10)]
    public void A_flipped_bit_is_found_by_every_read_of_its_block_and_by_no_other(int place)
    {
        var (path, bytes) = Random((2 * Block) + 11);
        using var file = HashedFile.Open(path);
        var told = new List<FileChangedException>();
        file.Changed += told.Add;
        Flip(path, place);

        int block = place / Block;
        for (int other = 0; other < 3; other++)
        {
            int start = other * Block, length = Math.Min(Block, bytes.Length - start);
            byte[] read = new byte[length];
            if (other != block)
            {
                file.Bytes().Read(start, read);
                Assert.Equal(bytes[start..(start + length)], read);
                continue;
            }

            // As a whole, a byte that has not changed, and twice by one reader.
            var reader = file.Bytes();
            Assert.Throws<FileChangedException>(() => reader.Read(start, read));
            Assert.Throws<FileChangedException>(() => reader.Read(start, new byte[1]));
            var error = Assert.Throws<FileChangedException>(() => reader.Read(start, new byte[1]));
            Assert.StartsWith(
                $"{path}: bytes {start} to {start + length} have changed since the file was hashed", error.Message, StringComparison.Ordinal);
            Assert.Equal((3, error), (told.Count, told[^1]));
        }
    }

    [Fact]
    public void A_file_that_was_cut_is_named()
    {
        var (path, bytes) = Random(3 * Block);
        using var file = HashedFile.Open(path);
        File.WriteAllBytes(path, bytes[..(2 * Block)]);

        file.Bytes().Read(0, new byte[2 * Block]);
        var error = Assert.Throws<FileChangedException>(() => file.Bytes().Read(Block, new byte[Block + 1]));

        Assert.StartsWith($"{path}: it ends at byte {2 * Block} now", error.Message, StringComparison.Ordinal);
        var known = file.Content;
        Assert.Throws<FileChangedException>(() => HashedFile.Open(path, known));
    }

    [Fact]
    public void A_file_that_another_one_took_the_place_of_is_read_as_it_was()
    {
        var (path, bytes) = Random(2 * Block);
        using var file = HashedFile.Open(path);
        Assert.True(file.IsInPlace);

        string other = Write("other", new byte[2 * Block]);
        File.SetLastWriteTimeUtc(other, DateTime.UtcNow.AddMinutes(1));
        File.Move(other, path, overwrite: true);

        byte[] read = new byte[bytes.Length];
        file.Bytes().Read(0, read);
        Assert.Equal(bytes, read);
        Assert.False(file.IsInPlace);
    }

    [Fact]
    public void A_link_is_in_place_as_long_as_what_it_leads_to()
    {
        var (path, _) = Random(100);
        File.CreateSymbolicLink(Path("link"), path);
        using var file = HashedFile.Open(Path("link"));
        Assert.True(file.IsInPlace);

        File.SetLastWriteTimeUtc(path, DateTime.UtcNow.AddMinutes(1));
        Assert.False(file.IsInPlace);
        File.Delete(path);
        Assert.False(file.IsInPlace);
    }

    [Fact]
    public void Samples_of_changed_files_are_not_computed_with()
    {
        using var scope = NewDisposeScope();
        string inputs = Write("inputs.npy", Npy("<f8", [4 * Block / 8, 1], 4 * Block));
        string targets = Write("targets.npy", Npy("<i8", [4 * Block / 8], 4 * Block));
        using HashedFile open = HashedFile.Open(inputs), other = HashedFile.Open(targets);
        using var samples = Dataset.Open(open, other);
        samples.CheckFinite(ScalarType.Float64);

        Flip(inputs, (2 * Block) + 300);

        // Elements of the first block are there as ever.
        var (first, _) = samples.Read(0, Block / 8 / 2, ScalarType.Float64, CPU);
        Assert.Equal([Block / 16, 1], first[0].shape);
        var error = Assert.Throws<FileChangedException>(() => samples.Read(0, samples.SampleCount, ScalarType.Float64, CPU));
        Assert.StartsWith(inputs, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Several_threads_read_one_file()
    {
        var (path, bytes) = Random(7 * Block);
        using var file = HashedFile.Open(path);

        Parallel.For(0, 8, worker =>
        {
            using var reader = file.Bytes();
            var random = new Random(worker);
            for (int i = 0; i < 200; i++)
            {
                int start = random.Next(bytes.Length), count = random.Next(bytes.Length - start);
                byte[] read = new byte[count];
                reader.Read(start, read);
                Assert.True(bytes.AsSpan(start, count).SequenceEqual(read));
            }
        });
    }

    private (string Path, byte[] Bytes) Random(int length)
    {
        byte[] bytes = new byte[length];
        new Random(7).NextBytes(bytes);
        return (Write("file", bytes), bytes);
    }

    private static void Flip(string path, int place)
    {
        var written = File.GetLastWriteTimeUtc(path);
        using (var file = File.Open(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite))
        {
            file.Position = place;
            int value = file.ReadByte();
            file.Position = place;
            file.WriteByte((byte)(value ^ 1));
        }

        File.SetLastWriteTimeUtc(path, written);
    }

    private static byte[] Npy(string type, long[] shape, int bytes)
    {
        string header = $"{{'descr': '{type}', 'fortran_order': False, 'shape': ({string.Join(", ", shape)},), }}";
        header = header.PadRight(117) + "\n";
        return [0x93, .. "NUMPY"u8, 1, 0, (byte)header.Length, 0, .. System.Text.Encoding.ASCII.GetBytes(header), .. new byte[bytes]];
    }
}
