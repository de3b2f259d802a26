using System.Globalization;

namespace ActorHutch.Curvature.Data.Bytes;

/// <summary>A run of bytes of known length that are read where they are needed.</summary>
/// <param name="place">What messages call it: the file, or the file and the part of it.</param>
internal abstract class ByteSource(string place) : IDisposable
{
    /// <summary>What messages call it.</summary>
    public string Place => place;

    /// <summary>How many bytes there are.</summary>
    public abstract long Length { get; }

    /// <summary>Whether the files that they come from are still those at their paths.</summary>
    public virtual bool IsInPlace => true;

    /// <summary>Reads as many bytes as asked for.</summary>
    /// <exception cref="CurvatureException">They end before, or cannot be read.</exception>
    public abstract void Read(long offset, Span<byte> destination);

    /// <summary>The first bytes: fewer than asked for where there are no more.</summary>
    public virtual byte[] Head(int count)
    {
        byte[] head = new byte[Math.Min(count, Length)];
        Read(0, head);
        return head;
    }

    /// <summary>
    /// Compares the length with what a header declares, before anything is allocated for it.
    /// </summary>
    /// <exception cref="CurvatureException">It is another one.</exception>
    public virtual void Expect(long declared)
    {
        if (declared > Length)
        {
            throw Wrong($"the header declares {declared} bytes in all, and there are {Length}: it was cut off, or the "
                + "header is damaged.");
        }

        if (declared < Length)
        {
            throw Wrong($"the header declares {declared} bytes in all, and there are {Length}: {Length - declared} bytes "
                + "too many follow the data, or the header is damaged.");
        }
    }

    /// <summary>Does what must be done before the first <see cref="Read"/>, and may fail.</summary>
    public virtual void Prepare()
    {
    }

    /// <summary>What messages call some of the bytes.</summary>
    public virtual string PlaceOf(long offset, long count) => string.Create(CultureInfo.InvariantCulture, $"{place}: bytes {offset} to {offset + count}");

    /// <summary>An error that names the place.</summary>
    public CurvatureException Wrong(string what, Exception? cause = null) =>
        cause is null ? new($"{place}: {what}") : new($"{place}: {what}", cause);

    /// <summary>Frees what it owns.</summary>
    public abstract void Dispose();

    /// <summary>The error of a range that is not there.</summary>
    protected CurvatureException EndsBefore(long offset, long count) =>
        Wrong($"bytes {offset} to {offset + count} were asked for, and it ends at {Length}.");
}
