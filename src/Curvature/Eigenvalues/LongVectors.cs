using System.Numerics;
using System.Runtime.InteropServices;

namespace ActorHutch.Curvature.Eigenvalues;

/// <summary>
/// Arithmetic with a few vectors of all parameters, in double precision. Every sum is taken in an order that the number of threads does not
/// change, so that its bits do not depend on who else computes.
/// </summary>
internal static class LongVectors
{
    /// <summary>Entries that are taken through all vectors at once: so many stay in a processor's cache.</summary>
    private const int Range = 4096;

    /// <summary>Below so many entries in all, threads cost more than they bring.</summary>
    private const long Worthwhile = 1 << 18;

    /// <summary>aᵀb.</summary>
    public static double Dot(double[] a, double[] b)
    {
        var sum = Vector<double>.Zero;
        var left = MemoryMarshal.Cast<double, Vector<double>>(a);
        var right = MemoryMarshal.Cast<double, Vector<double>>(b);
        for (int i = 0; i < left.Length; i++) sum += left[i] * right[i];
        double rest = 0;
        for (int i = left.Length * Vector<double>.Count; i < a.Length; i++) rest += a[i] * b[i];
        return Vector.Sum(sum) + rest;
    }

    /// <summary>‖a‖.</summary>
    public static double Norm(double[] a) => Math.Sqrt(Dot(a, a));

    /// <summary>a ← s a.</summary>
    public static void Scale(double[] a, double factor)
    {
        for (int i = 0; i < a.Length; i++) a[i] *= factor;
    }

    /// <summary>The dot products of a vector with some others.</summary>
    public static double[] Dots(IReadOnlyList<double[]> others, double[] vector)
    {
        double[] dots = new double[others.Count];
        For(others.Count, vector.LongLength, i => dots[i] = Dot(others[i], vector));
        return dots;
    }

    /// <summary>a ← a − Σ_i h_i s_i.</summary>
    public static void Subtract(double[] vector, IReadOnlyList<double[]> others, double[] factors)
    {
        For((vector.Length + Range - 1) / Range, Range * (long)others.Count, range =>
        {
            var part = Of(vector, range);
            for (int k = 0; k < others.Count; k++) AddScaled(part, Of(others[k], range), -factors[k]);
        });
    }

    /// <summary>The vectors Σ_i s_i Y_ip, the first of which take the place of the first s_i.</summary>
    /// <param name="vectors">s; as many remain as there are columns.</param>
    /// <param name="columns">The columns of Y, at most as many as there are vectors.</param>
    public static void Rotate(List<double[]> vectors, IReadOnlyList<double[]> columns)
    {
        int length = vectors[0].Length;
        For((length + Range - 1) / Range, Range * (long)vectors.Count * columns.Count, range =>
        {
            double[][] rotated = [.. columns.Select(column => Combined(vectors, column, range))];
            for (int p = 0; p < rotated.Length; p++) rotated[p].CopyTo(Of(vectors[p], range));
        });
        vectors.RemoveRange(columns.Count, vectors.Count - columns.Count);
    }

    /// <summary>Σ_i y_i s_i.</summary>
    public static double[] Combine(IReadOnlyList<double[]> vectors, double[] factors)
    {
        double[] sum = new double[vectors[0].Length];
        For((sum.Length + Range - 1) / Range, Range * (long)vectors.Count, range => Combined(vectors, factors, range).CopyTo(Of(sum, range)));
        return sum;
    }

    private static double[] Combined(IReadOnlyList<double[]> vectors, double[] factors, int range)
    {
        double[] sum = new double[Of(vectors[0], range).Length];
        for (int k = 0; k < vectors.Count; k++) AddScaled(sum, Of(vectors[k], range), factors[k]);
        return sum;
    }

    private static void AddScaled(Span<double> sum, ReadOnlySpan<double> vector, double factor)
    {
        var all = MemoryMarshal.Cast<double, Vector<double>>(sum);
        var terms = MemoryMarshal.Cast<double, Vector<double>>(vector);
        for (int i = 0; i < all.Length; i++) all[i] += factor * terms[i];
        for (int i = all.Length * Vector<double>.Count; i < sum.Length; i++) sum[i] += factor * vector[i];
    }

    private static Span<double> Of(double[] vector, int range) => vector.AsSpan(range * Range, Math.Min(Range, vector.Length - range * Range));

    private static void For(int count, long entriesOfEach, Action<int> body)
    {
        if (count * entriesOfEach >= Worthwhile)
        {
            Parallel.For(0, count, body);
            return;
        }

        for (int i = 0; i < count; i++) body(i);
    }
}
