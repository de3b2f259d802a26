namespace ActorHutch.Curvature.Data.Bytes;

/// <summary>Bytes in memory.</summary>
internal sealed class MemoryBytes(string place, ReadOnlyMemory<byte> bytes) : ByteSource(place)
{
    public override long Length => bytes.Length;

    public override void Read(long offset, Span<byte> destination)
    {
        if (offset < 0 || offset > Length - destination.Length) throw EndsBefore(offset, destination.Length);
        bytes.Span.Slice((int)offset, destination.Length).CopyTo(destination);
    }

    public override void Dispose()
    {
    }
}
