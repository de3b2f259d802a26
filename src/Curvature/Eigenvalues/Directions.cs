using ActorHutch.Curvature.Probes;

namespace ActorHutch.Curvature.Eigenvalues;

/// <summary>Vectors of length 1: random ones, and what is left of a vector beside others.</summary>
/// <param name="size">How many entries they have.</param>
/// <param name="seed">Of the random ones.</param>
internal sealed class Directions(int size, ulong seed)
{
    private const double Unit = 2.220446049250313e-16;

    /// <summary>Where so little is left of a vector, it is orthogonalised once more.</summary>
    private const double Little = 0.05;

    private readonly ProbeBits _random = new(seed, ProbeDistribution.Gaussian, ProbeSpace.Parameter);
    private long _drawn;

    /// <summary>A random direction, uniform on the sphere: a function of the seed and its number.</summary>
    public double[] Random(long number) => Drawn(number, stream: 1);

    /// <summary>The next random direction orthogonal to others.</summary>
    /// <param name="others">The others, orthonormal, and fewer than there are dimensions.</param>
    public double[] Beside(IReadOnlyList<double[]> others)
    {
        double[] vector = Drawn(_drawn++, stream: 0);
        // Where few dimensions are left, most of it goes.
        for (int pass = 0; pass < 2; pass++)
        {
            Orthogonalise(vector, others);
            LongVectors.Scale(vector, 1 / LongVectors.Norm(vector));
        }

        return vector;
    }

    /// <summary>Makes a direction of what is left of a vector.</summary>
    /// <param name="rest">What is left, after <see cref="Orthogonalise"/>.</param>
    /// <param name="whole">The vector's length before.</param>
    /// <param name="others">All that it is to be orthogonal to.</param>
    /// <returns>The length of what was left; 0 where that is rounding, and no direction.</returns>
    public double Straighten(double[] rest, double whole, IReadOnlyList<double[]> others)
    {
        double norm = LongVectors.Norm(rest);
        if (!(norm > 10 * Math.Sqrt(size) * Unit * whole)) return 0;
        LongVectors.Scale(rest, 1 / norm);
        // Then its rounding is much beside it.
        if (norm < Little * whole)
        {
            Orthogonalise(rest, others);
            LongVectors.Scale(rest, 1 / LongVectors.Norm(rest));
        }

        return norm;
    }

    /// <summary>Subtracts what a vector has along others, twice, and says how much that was.</summary>
    /// <param name="vector">The vector.</param>
    /// <param name="others">The others, orthonormal.</param>
    /// <param name="along">What it has along them, but for rounding; null where that has to be found.</param>
    public static double[] Orthogonalise(double[] vector, IReadOnlyList<double[]> others, double[]? along = null)
    {
        along ??= LongVectors.Dots(others, vector);
        int[] there = [.. Enumerable.Range(0, along.Length).Where(i => along[i] != 0)];
        LongVectors.Subtract(vector, [.. there.Select(i => others[i])], [.. there.Select(i => along[i])]);
        double[] rest = LongVectors.Dots(others, vector);
        LongVectors.Subtract(vector, others, rest);
        return [.. along.Zip(rest, (first, second) => first + second)];
    }

    private double[] Drawn(long number, uint stream)
    {
        double[] vector = new double[size];
        _random.Fill(number, stream, vector.AsSpan());
        LongVectors.Scale(vector, 1 / LongVectors.Norm(vector));
        return vector;
    }
}
