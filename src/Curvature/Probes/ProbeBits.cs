using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Probes;

/// <summary>
/// The random numbers of probes, addressed by what they are for: a pure function of the seed, the probe, the stream
/// (which block, or which output unit) and the position in it.
/// </summary>
/// <remarks>
/// Rademacher entry p of a stream is bit p mod 32 of word (p mod 128) / 32 of the Philox block with counter
/// (p / 128, stream, low word of the probe's number, high word of it and the domain in the top four bits) and the
/// seed as key; the entry is +1 where the bit is set. A Gaussian entry p is made by G. E. P. Box and M. E. Muller's
/// transformation («A note on the generation of random normal deviates», 1958) from words 2(p mod 4 / 2) and the one
/// after it of block p / 4: the cosine for even p, the sine for odd.
/// </remarks>
internal readonly struct ProbeBits(ulong seed, ProbeDistribution distribution, ProbeSpace space)
{
    private const int MaxProbeHighWord = 1 << 28;

    /// <summary>Signs in a block of Philox's, and a multiple of its normal numbers: where a row may begin.</summary>
    private const int BlockEntries = 128;

    /// <summary>How many floats are unpacked at once: their packed bits stay in the first-level cache.</summary>
    private const int PackedWords = 512;

    private uint Domain => ((uint)space << 1) | (distribution == ProbeDistribution.Gaussian ? 1u : 0u);

    private UInt128Words Counter(long probe, uint stream, long block)
    {
        long high = probe >> 32;
        if (high >= MaxProbeHighWord) throw new ArgumentOutOfRangeException(nameof(probe), probe, "Probe numbers end at 2⁶⁰.");
        return new UInt128Words((uint)block, stream, (uint)probe, (uint)high | (Domain << 28));
    }

    /// <summary>Writes the entries of one probe and one stream into a row of a tensor on the CPU.</summary>
    /// <typeparam name="T">float or double.</typeparam>
    /// <param name="probe">The probe's number.</param>
    /// <param name="stream">Which stream.</param>
    /// <param name="row">Entries <paramref name="from"/>, …</param>
    /// <param name="from">A multiple of <see cref="BlockEntries"/>.</param>
    public void Fill<T>(long probe, uint stream, Span<T> row, long from = 0) where T : unmanaged
    {
        if (distribution == ProbeDistribution.Gaussian) FillGaussian(probe, stream, row, from);
        else FillSigns(probe, stream, row, from);
    }

    /// <summary>Writes the packed signs of one probe and one stream, 32 to a word; the last word is whole.</summary>
    /// <param name="probe">The probe's number.</param>
    /// <param name="stream">Which stream.</param>
    /// <param name="words">The signs from entry <paramref name="from"/> on.</param>
    /// <param name="from">A multiple of <see cref="BlockEntries"/>.</param>
    public void FillPacked(long probe, uint stream, Span<uint> words, long from = 0) =>
        Philox4x32.Fill(Counter(probe, stream, from / BlockEntries), seed, words);

    private void FillSigns<T>(long probe, uint stream, Span<T> row, long from) where T : unmanaged
    {
        Span<uint> words = stackalloc uint[PackedWords];
        for (int at = 0; at < row.Length; at += PackedWords * 32)
        {
            var part = row[at..Math.Min(row.Length, at + PackedWords * 32)];
            var packed = words[..((part.Length + 31) / 32)];
            Philox4x32.Fill(Counter(probe, stream, (from + at) / BlockEntries), seed, packed);
            if (typeof(T) == typeof(float)) Unpack(packed, MemoryMarshal.Cast<T, uint>(part));
            else Unpack(packed, MemoryMarshal.Cast<T, double>(part));
        }
    }

    /// <summary>±1 in single precision: the sign bit over the bits of one.</summary>
    private static void Unpack(ReadOnlySpan<uint> packed, Span<uint> floats)
    {
        const uint one = 0x3F800000;
        const uint sign = 0x80000000;
        var bits = Vector256.Create(1u, 2, 4, 8, 16, 32, 64, 128);
        int i = 0;
        for (; i + 32 <= floats.Length; i += 32)
        {
            uint word = packed[i / 32];
            for (int part = 0; part < 4; part++)
            {
                var unset = Vector256.Equals(Vector256.Create(word >> (8 * part)) & bits, Vector256<uint>.Zero);
                ((unset & Vector256.Create(sign)) | Vector256.Create(one)).CopyTo(floats[(i + 8 * part)..]);
            }
        }

        for (; i < floats.Length; i++) floats[i] = one | (((packed[i / 32] >> (i % 32)) & 1) == 0 ? sign : 0);
    }

    private static void Unpack(ReadOnlySpan<uint> packed, Span<double> doubles)
    {
        for (int i = 0; i < doubles.Length; i++)
            doubles[i] = ((packed[i / 32] >> (i % 32)) & 1) == 0 ? -1 : 1;
    }

    private void FillGaussian<T>(long probe, uint stream, Span<T> row, long from) where T : unmanaged
    {
        for (int at = 0; at < row.Length; at += 4)
        {
            var (w0, w1, w2, w3) = Philox4x32.Block(Counter(probe, stream, (from + at) / 4), seed);
            var (n0, n1) = BoxMuller(w0, w1);
            var (n2, n3) = BoxMuller(w2, w3);
            ReadOnlySpan<double> normals = [n0, n1, n2, n3];
            for (int i = 0; i < 4 && at + i < row.Length; i++)
            {
                if (typeof(T) == typeof(float)) MemoryMarshal.Cast<T, float>(row)[at + i] = (float)normals[i];
                else MemoryMarshal.Cast<T, double>(row)[at + i] = normals[i];
            }
        }
    }

    private static (double Cosine, double Sine) BoxMuller(uint first, uint second)
    {
        // Half a step away from 0, so that the logarithm is finite.
        double radius = Math.Sqrt(-2 * Math.Log((first + 0.5) / 4294967296.0));
        double angle = 2 * Math.PI * ((second + 0.5) / 4294967296.0);
        return (radius * Math.Cos(angle), radius * Math.Sin(angle));
    }

    /// <summary>Entries of consecutive probes and consecutive streams.</summary>
    /// <param name="firstProbe">The first probe.</param>
    /// <param name="count">P, how many probes.</param>
    /// <param name="firstStream">The first stream.</param>
    /// <param name="streams">S, how many streams.</param>
    /// <param name="length">L, entries a stream.</param>
    /// <param name="dtype">float32 or float64.</param>
    /// <param name="device">Where to; signs travel as packed bits and are unpacked there.</param>
    /// <param name="firstEntry">The first entry of each stream.</param>
    /// <returns><c>[P, S, L]</c>.</returns>
    public Tensor Draw(
        long firstProbe, int count, uint firstStream, int streams, long length, ScalarType dtype, Device device,
        long firstEntry = 0)
    {
        long skipped = firstEntry % BlockEntries;
        if (firstEntry == 0) return DrawFrom(0, firstProbe, count, firstStream, streams, length, dtype, device);

        using var scope = NewDisposeScope();
        var whole = DrawFrom(firstEntry - skipped, firstProbe, count, firstStream, streams, skipped + length, dtype, device);
        return whole.narrow(2, skipped, length).contiguous().MoveToOuterDisposeScope();
    }

    private Tensor DrawFrom(
        long from, long firstProbe, int count, uint firstStream, int streams, long length, ScalarType dtype, Device device)
    {
        // A parameter may have no elements, of which there is no address either.
        if (length == 0) return empty([count, streams, 0], dtype, device);
        if (device.type != TorchSharp.DeviceType.CPU && distribution == ProbeDistribution.Rademacher)
            return DrawOnDevice(firstProbe, count, firstStream, streams, length, dtype, device, from);

        var result = empty([count, streams, length], dtype);
        if (dtype == ScalarType.Float32) FillRows<float>(result, firstProbe, count, firstStream, streams, (int)length, from);
        else FillRows<double>(result, firstProbe, count, firstStream, streams, (int)length, from);
        return Moved(result, device);
    }

    private void FillRows<T>(
        Tensor result, long firstProbe, int count, uint firstStream, int streams, int length, long from)
        where T : unmanaged
    {
        // A view of one element gives the address; a span over the whole tensor would end at 2 GiB.
        using var flat = result.view(-1);
        using var head = flat.narrow(0, 0, 1);
        ref T first = ref MemoryMarshal.GetReference(MemoryMarshal.Cast<byte, T>(head.bytes));
        for (long row = 0; row < (long)count * streams; row++)
        {
            var entries = MemoryMarshal.CreateSpan(ref Unsafe.Add(ref first, (nint)(row * length)), length);
            Fill(firstProbe + row / streams, firstStream + (uint)(row % streams), entries, from);
        }
    }

    /// <summary>The same signs, sent as packed bits and unpacked where they are needed.</summary>
    internal Tensor DrawOnDevice(
        long firstProbe, int count, uint firstStream, int streams, long length, ScalarType dtype, Device device,
        long from = 0)
    {
        int words = checked((int)((length + 31) / 32));
        using var scope = NewDisposeScope();
        var packed = empty([count, streams, words], ScalarType.Int32);
        for (int p = 0; p < count; p++)
        {
            for (int s = 0; s < streams; s++)
                FillPacked(firstProbe + p, firstStream + (uint)s, MemoryMarshal.Cast<byte, uint>(packed[p, s].bytes), from);
        }

        using TorchSharp.Scalar wordSize = 32;
        var shifts = arange(wordSize, ScalarType.Int32, device);
        var bits = packed.to(device).unsqueeze(-1).bitwise_right_shift(shifts).bitwise_and(1);
        var signs = bits.view(count, streams, words * 32L).narrow(2, 0, length).to(dtype).TimesInPlace(2).Plus(-1);
        return signs.contiguous().MoveToOuterDisposeScope();
    }

    private static Tensor Moved(Tensor tensor, Device device)
    {
        if (device.type == TorchSharp.DeviceType.CPU) return tensor;
        using (tensor) return tensor.to(device);
    }
}
