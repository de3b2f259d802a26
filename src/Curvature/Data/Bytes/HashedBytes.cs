namespace ActorHutch.Curvature.Data.Bytes;

/// <summary>
/// The bytes of a file that was hashed, for one reader; the file stays its owner's. What is asked for in part is read as a
/// whole block, and kept until another is asked for.
/// </summary>
internal sealed class HashedBytes(HashedFile file) : ByteSource(file.Path)
{
    private const int BlockSize = ContentHashes.BlockSize;

    private readonly byte[] _kept = new byte[(int)Math.Min(BlockSize, file.Content.Length)];
    private long _keptBlock = -1;

    public override long Length => file.Content.Length;

    public override void Read(long offset, Span<byte> destination)
    {
        if (offset < 0 || offset > Length - destination.Length) throw EndsBefore(offset, destination.Length);
        while (destination.Length > 0)
        {
            int whole = WholeBlocks(offset, destination.Length);
            if (whole > 0) file.ReadBlocks(offset / BlockSize, destination[..whole]);
            else whole = ReadPart(offset, destination);
            offset += whole;
            destination = destination[whole..];
        }
    }

    public override void Dispose()
    {
    }

    /// <summary>How many bytes from an offset on are whole blocks; 0 where the first one is not.</summary>
    private int WholeBlocks(long offset, int count)
    {
        if (offset % BlockSize != 0) return 0;
        return offset + count == Length ? count : count - (count % BlockSize);
    }

    private int ReadPart(long offset, Span<byte> destination)
    {
        var (block, start) = Math.DivRem(offset, BlockSize);
        int length = (int)Math.Min(BlockSize, Length - (block * BlockSize));
        if (block != _keptBlock)
        {
            _keptBlock = -1;
            file.ReadBlocks(block, _kept.AsSpan(0, length));
            _keptBlock = block;
        }

        var part = _kept.AsSpan((int)start, Math.Min(destination.Length, length - (int)start));
        part.CopyTo(destination);
        return part.Length;
    }
}
