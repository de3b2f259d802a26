using System.Numerics;

namespace ActorHutch.Curvature;

/// <summary>
/// A random order of 0, …, count − 1 as a function of the seed: the number at each place, and no list of them.
/// </summary>
/// <remarks>
/// A Feistel network, which is a bijection whatever its round function is (M. Luby and C. Rackoff, «How to construct pseudorandom
/// permutations from pseudorandom functions», 1988), with SplitMix64 for it (G. L. Steele, D. Lea and C. H. Flood, «Fast splittable pseudorandom
/// number generators», 2014); what it puts beyond the last number goes through it again (J. Black and P. Rogaway, «Ciphers with arbitrary
/// finite domains», 2002).
/// </remarks>
/// <param name="Seed">The seed.</param>
/// <param name="Count">How many, at least 1.</param>
public sealed record SeededOrder(ulong Seed, long Count)
{
    private const int Rounds = 8;

    private const ulong Golden = 0x9E3779B97F4A7C15;

    /// <summary>The number at a place.</summary>
    /// <param name="place">From 0 to <see cref="Count"/>.</param>
    public long this[long place]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfNegative(place);
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(place, Count);
            int half = (65 - BitOperations.LeadingZeroCount((ulong)(Count - 1))) / 2;
            do place = Mixed(place, half);
            while (place >= Count);
            return place;
        }
    }

    private long Mixed(long place, int half)
    {
        long mask = (1L << half) - 1, left = place >> half, right = place & mask;
        for (uint round = 1; round <= Rounds; round++)
            (left, right) = (right, left ^ ((long)Mixed(Mixed(Seed + round * Golden) + (ulong)right) & mask));
        return left << half | right;
    }

    private static ulong Mixed(ulong bits)
    {
        bits = (bits ^ bits >> 30) * 0xBF58476D1CE4E5B9;
        bits = (bits ^ bits >> 27) * 0x94D049BB133111EB;
        return bits ^ bits >> 31;
    }
}
