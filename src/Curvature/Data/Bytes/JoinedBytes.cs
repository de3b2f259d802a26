namespace ActorHutch.Curvature.Data.Bytes;

/// <summary>Runs of bytes, one after another, as if they were those of one file.</summary>
internal sealed class JoinedBytes : ByteSource
{
    private readonly ByteSource[] _parts;
    private readonly long[] _ends;
    private readonly IReadOnlyList<ByteSource> _files;

    /// <summary>Joins parts of files.</summary>
    /// <param name="place">What messages call the whole.</param>
    /// <param name="parts">The runs in their order, each of which has the name of its file.</param>
    /// <param name="files">The files that they are parts of; closed with this.</param>
    public JoinedBytes(string place, IEnumerable<ByteSource> parts, IReadOnlyList<ByteSource> files) : base(place)
    {
        _parts = [.. parts.Where(part => part.Length > 0)];
        _ends = new long[_parts.Length];
        for (int i = 0; i < _parts.Length; i++) _ends[i] = Length += _parts[i].Length;
        _files = files;
    }

    public override long Length { get; }

    public override bool IsInPlace => _files.All(file => file.IsInPlace);

    public override void Read(long offset, Span<byte> destination)
    {
        if (offset < 0 || offset > Length - destination.Length) throw EndsBefore(offset, destination.Length);
        for (int part = PartAt(offset); destination.Length > 0; part++)
        {
            int count = (int)Math.Min(destination.Length, _ends[part] - offset);
            _parts[part].Read(offset - (_ends[part] - _parts[part].Length), destination[..count]);
            offset += count;
            destination = destination[count..];
        }
    }

    /// <summary>The files that they are from: where in the whole they are is nothing that anybody can look up.</summary>
    public override string PlaceOf(long offset, long count) =>
        $"{string.Join(", ", _parts[PartAt(offset)..(PartAt(offset + count - 1) + 1)].Select(part => part.Place).Distinct())}: tensors";

    public override void Dispose()
    {
        foreach (var file in _files) file.Dispose();
    }

    /// <summary>The part that has a byte.</summary>
    private int PartAt(long offset)
    {
        int found = Array.BinarySearch(_ends, offset + 1);
        return found < 0 ? ~found : found;
    }
}
