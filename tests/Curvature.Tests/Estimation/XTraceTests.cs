using ActorHutch.Curvature.Estimation;
using MathNet.Numerics.LinearAlgebra;

namespace ActorHutch.Curvature.Tests.Estimation;

/// <summary>XTrace on explicit matrices, in double precision.</summary>
public sealed class XTraceTests
{
    /// <summary>Rounding of a few dozen products is some 1e-13 of the largest eigenvalue; 1e-9 leaves room.</summary>
    [Theory]
    [InlineData(60, 5, 10)]
    [InlineData(60, 9, 10)]
    [InlineData(60, 0, 3)]
    [InlineData(7, 7, 7)]
    [InlineData(7, 7, 20)]
    [InlineData(1, 1, 2)]
    public void It_is_exact_where_the_space_holds_the_range(int size, int rank, int vectors)
    {
        var matrix = Rotated([.. Enumerable.Range(0, size).Select(i => i < rank ? (i % 2 == 0 ? 1.0 : -0.5) * (i + 1) : 0)]);
        Near.Absolute(matrix.Trace(), Estimate(matrix, vectors, 3).Trace, 1e-9);
    }

    /// <summary>Five standard errors of the mean over 300 fixed seeds: a false alarm in some 10⁶.</summary>
    [Theory]
    [InlineData(2)]
    [InlineData(10)]
    public void It_is_unbiased(int vectors)
    {
        var matrix = Rotated([.. Enumerable.Range(0, 40).Select(i => Math.Sin(i) / (1 + i / 5))]);
        double[] found = [.. Enumerable.Range(0, 300).Select(seed => Estimate(matrix, vectors, (ulong)seed).Trace)];
        double mean = found.Average();
        double error = Math.Sqrt(found.Sum(value => (value - mean) * (value - mean)) / 299 / 300);
        Near.Absolute(matrix.Trace(), mean, 5 * error);
    }

    /// <summary>With 40 products Hutchinson's relative standard error is about √(2 Σλ² / 40) / Σλ = 0.13 for λ = 0.5^i.</summary>
    [Fact]
    public void It_finds_what_decays_fast()
    {
        var matrix = Rotated([.. Enumerable.Range(0, 100).Select(i => Math.Pow(0.5, i))]);
        for (ulong seed = 0; seed < 10; seed++) Near.Absolute(2, Estimate(matrix, 20, seed).Trace, 1e-3);
    }

    private static TraceEstimate Estimate(Matrix<double> matrix, int vectors, ulong seed)
    {
        var trace = new XTrace(matrix.RowCount, new WorkGrid(2 * vectors, 1, 1, 1), seed);
        while (!trace.IsDone) trace.Take([.. trace.Next.Select(vector => (matrix * Vector<double>.Build.Dense(vector!)).ToArray())]);
        return trace.Estimate(0.95)!;
    }

    private static Matrix<double> Rotated(double[] eigenvalues)
    {
        var rotation = Matrix<double>.Build.Random(eigenvalues.Length, eigenvalues.Length, 5).QR().Q;
        return rotation * Matrix<double>.Build.DenseOfDiagonalArray(eigenvalues) * rotation.Transpose();
    }
}
