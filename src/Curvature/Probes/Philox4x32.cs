using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace ActorHutch.Curvature.Probes;

/// <summary>
/// Philox4x32-10: a counter-based generator. 128 random bits are a pure function of a 128-bit counter and a 64-bit
/// key, so any part of any probe can be had at once, anywhere, in any order.
/// </summary>
/// <remarks>
/// J. K. Salmon, M. A. Moraes, R. O. Dror and D. E. Shaw, «Parallel random numbers: as easy as 1, 2, 3», SC 2011.
/// </remarks>
public static class Philox4x32
{
    private const uint Multiplier0 = 0xD2511F53;
    private const uint Multiplier1 = 0xCD9E8D57;
    private const uint Weyl0 = 0x9E3779B9;
    private const uint Weyl1 = 0xBB67AE85;
    private const int Rounds = 10;

    /// <summary>The four words of one counter.</summary>
    /// <param name="counter">Its words, the lowest first.</param>
    /// <param name="key">The key; its low word is the first.</param>
    public static UInt128Words Block(UInt128Words counter, ulong key)
    {
        (uint c0, uint c1, uint c2, uint c3) = counter;
        uint k0 = (uint)key, k1 = (uint)(key >> 32);
        for (int round = 0; round < Rounds; round++)
        {
            ulong product0 = (ulong)Multiplier0 * c0;
            ulong product1 = (ulong)Multiplier1 * c2;
            (c0, c1, c2, c3) = (
                (uint)(product1 >> 32) ^ c1 ^ k0,
                (uint)product1,
                (uint)(product0 >> 32) ^ c3 ^ k1,
                (uint)product0);
            k0 += Weyl0;
            k1 += Weyl1;
        }

        return new UInt128Words(c0, c1, c2, c3);
    }

    /// <summary>
    /// The words of consecutive counters: <paramref name="first"/>, then the same with its lowest word one higher, …
    /// </summary>
    /// <param name="first">The first counter; its lowest word must not run over.</param>
    /// <param name="key">The key.</param>
    /// <param name="words">Filled; four words a counter, the last counter's cut off where the span ends.</param>
    public static void Fill(UInt128Words first, ulong key, Span<uint> words)
    {
        int counters = 0;
        if (Avx2.IsSupported)
        {
            for (; (counters + 8) * 4 <= words.Length; counters += 8)
                Eight(first with { X0 = first.X0 + (uint)counters }, key, words.Slice(counters * 4, 32));
        }

        for (int at = counters * 4; at < words.Length; at += 4, counters++)
        {
            (uint r0, uint r1, uint r2, uint r3) = Block(first with { X0 = first.X0 + (uint)counters }, key);
            words[at] = r0;
            if (at + 1 < words.Length) words[at + 1] = r1;
            if (at + 2 < words.Length) words[at + 2] = r2;
            if (at + 3 < words.Length) words[at + 3] = r3;
        }
    }

    /// <summary>Eight counters at once, one in each 32-bit lane.</summary>
    private static void Eight(UInt128Words first, ulong key, Span<uint> words)
    {
        var c0 = Vector256.Create(first.X0) + Vector256.Create(0u, 1, 2, 3, 4, 5, 6, 7);
        var c1 = Vector256.Create(first.X1);
        var c2 = Vector256.Create(first.X2);
        var c3 = Vector256.Create(first.X3);
        uint k0 = (uint)key, k1 = (uint)(key >> 32);
        for (int round = 0; round < Rounds; round++)
        {
            var (high0, low0) = Multiply(c0, Multiplier0);
            var (high1, low1) = Multiply(c2, Multiplier1);
            c0 = high1 ^ c1 ^ Vector256.Create(k0);
            c1 = low1;
            c2 = high0 ^ c3 ^ Vector256.Create(k1);
            c3 = low0;
            k0 += Weyl0;
            k1 += Weyl1;
        }

        // A 4 × 4 transposition in each half: from a word in all lanes to a counter's four words side by side.
        var a = Avx2.UnpackLow(c0, c1);
        var b = Avx2.UnpackHigh(c0, c1);
        var c = Avx2.UnpackLow(c2, c3);
        var d = Avx2.UnpackHigh(c2, c3);
        var counters04 = Avx2.UnpackLow(a.AsUInt64(), c.AsUInt64());
        var counters15 = Avx2.UnpackHigh(a.AsUInt64(), c.AsUInt64());
        var counters26 = Avx2.UnpackLow(b.AsUInt64(), d.AsUInt64());
        var counters37 = Avx2.UnpackHigh(b.AsUInt64(), d.AsUInt64());
        Avx2.Permute2x128(counters04, counters15, 0x20).AsUInt32().CopyTo(words);
        Avx2.Permute2x128(counters26, counters37, 0x20).AsUInt32().CopyTo(words[8..]);
        Avx2.Permute2x128(counters04, counters15, 0x31).AsUInt32().CopyTo(words[16..]);
        Avx2.Permute2x128(counters26, counters37, 0x31).AsUInt32().CopyTo(words[24..]);
    }

    /// <summary>High and low words of eight 32 × 32-bit products.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector256<uint> High, Vector256<uint> Low) Multiply(Vector256<uint> values, uint factor)
    {
        var factors = Vector256.Create(factor);
        var even = Avx2.Multiply(values, factors);
        var odd = Avx2.Multiply(Avx2.ShiftRightLogical(values.AsUInt64(), 32).AsUInt32(), factors);
        var high = Avx2.Blend(Avx2.ShiftRightLogical(even, 32).AsUInt32(), odd.AsUInt32(), 0b10101010);
        var low = Avx2.Blend(even.AsUInt32(), Avx2.ShiftLeftLogical(odd, 32).AsUInt32(), 0b10101010);
        return (high, low);
    }
}

/// <summary>128 bits as four words, the lowest first.</summary>
/// <param name="X0">The lowest word.</param>
/// <param name="X1">The second word.</param>
/// <param name="X2">The third word.</param>
/// <param name="X3">The highest word.</param>
public readonly record struct UInt128Words(uint X0, uint X1, uint X2, uint X3);
