namespace ActorHutch.Curvature.Data.Bytes;

/// <summary>The checksum of zip files (ISO 3309, polynomial 0xEDB88320).</summary>
internal sealed class Crc32
{
    private static readonly uint[] Table = [.. Enumerable.Range(0, 256).Select(Entry)];

    private uint _state = uint.MaxValue;

    /// <summary>The checksum of all bytes so far.</summary>
    public uint Value => ~_state;

    /// <summary>Goes on with more bytes.</summary>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        uint state = _state;
        foreach (byte value in bytes) state = Table[(byte)(state ^ value)] ^ (state >> 8);
        _state = state;
    }

    private static uint Entry(int value)
    {
        uint entry = (uint)value;
        for (int bit = 0; bit < 8; bit++) entry = (entry >> 1) ^ ((entry & 1) * 0xEDB88320);
        return entry;
    }
}
