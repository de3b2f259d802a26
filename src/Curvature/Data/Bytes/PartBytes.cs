namespace ActorHutch.Curvature.Data.Bytes;

/// <summary>A range of other bytes, which stay their owner's.</summary>
internal sealed class PartBytes(string place, ByteSource whole, long start, long length) : ByteSource(place)
{
    public override long Length => length;

    public override void Read(long offset, Span<byte> destination)
    {
        if (offset < 0 || offset > length - destination.Length) throw EndsBefore(offset, destination.Length);
        whole.Read(start + offset, destination);
    }

    public override void Dispose()
    {
    }
}
