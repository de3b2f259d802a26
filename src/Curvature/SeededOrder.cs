using ActorHutch.Curvature.Probes;

namespace ActorHutch.Curvature;

/// <summary>
/// A random order of 0, …, count − 1 as a function of the seed: the number at each place, and no list of them.
/// </summary>
/// <remarks>
/// A Feistel network, which is a bijection whatever its round function is (M. Luby and C. Rackoff, «How to construct pseudorandom
/// permutations from pseudorandom functions», 1988), with Philox for it; what it puts beyond the last number goes through it again
/// (J. Black and P. Rogaway, «Ciphers with arbitrary finite domains», 2002).
/// </remarks>
/// <param name="Seed">The seed.</param>
/// <param name="Count">How many, at least 1.</param>
public sealed record SeededOrder(ulong Seed, long Count)
{
    private const int Rounds = 8;

    /// <summary>No probe's counter has this highest word.</summary>
    private const uint Stream = 0x6F726465;

    /// <summary>The number at a place.</summary>
    /// <param name="place">From 0 to <see cref="Count"/>.</param>
    public long this[long place]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfNegative(place);
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(place, Count);
            int half = (65 - System.Numerics.BitOperations.LeadingZeroCount((ulong)(Count - 1))) / 2;
            do place = Mixed(place, half);
            while (place >= Count);
            return place;
        }
    }

    private long Mixed(long place, int half)
    {
        long mask = (1L << half) - 1, left = place >> half, right = place & mask;
        for (uint round = 0; round < Rounds; round++)
        {
            var words = Philox4x32.Block(new UInt128Words((uint)right, (uint)(right >> 32), round, Stream), Seed);
            (left, right) = (right, left ^ ((long)(words.X0 | (ulong)words.X1 << 32) & mask));
        }

        return left << half | right;
    }
}
