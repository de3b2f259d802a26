using ActorHutch.Curvature.Eigenvalues;
using MathNet.Numerics.LinearAlgebra;

namespace ActorHutch.Curvature.Tests.Eigenvalues;

/// <summary>The search on known matrices, in double precision: spectra as networks have them, and those that are hard.</summary>
public sealed class EigenvalueSearchTests
{
    private static readonly Dictionary<string, double[]> Spectra = new()
    {
        ["even"] = [.. Enumerable.Range(1, 300).Select(i => i / 300.0)],
        ["outliers above a bulk"] = [.. Enumerable.Range(0, 400).Select(i => i < 9 ? 10.0 - i : i < 395 ? Math.Exp(-i / 40.0) : 0.1 * (394 - i))],
        ["indefinite"] = [.. Enumerable.Range(0, 301).Select(i => Math.Sin(i) * (i % 7 == 0 ? 5 : 1))],
        ["ten times each"] = [.. Enumerable.Range(0, 300).Select(i => 1.0 / (1 + i / 10))],
        ["three times, and close ones"] = [.. Enumerable.Repeat(4.0, 3), 3.9, 3.89, 3.889, .. Enumerable.Range(0, 200).Select(i => i / 100.0)],
        ["rank-deficient"] = [.. Enumerable.Range(0, 200).Select(i => i < 3 ? i + 1.0 : 0)],
        ["zero"] = new double[50],
        ["identity"] = [.. Enumerable.Repeat(1.0, 60)],
        ["one"] = [-3],
        ["fewer than are wanted"] = [5, -1, 2],
        ["tiny"] = [.. Enumerable.Range(1, 100).Select(i => i * 1e-120)],
        ["negative"] = [.. Enumerable.Range(1, 100).Select(i => -i / 50.0)],
    };

    public static TheoryData<string, SpectrumEnd, int> Cases()
    {
        var data = new TheoryData<string, SpectrumEnd, int>();
        foreach (string spectrum in Spectra.Keys)
        {
            foreach (var end in Enum.GetValues<SpectrumEnd>())
            {
                foreach (int width in (int[])[1, 4]) data.Add(spectrum, end, width);
            }
        }

        return data;
    }

    /// <summary>Rounding of a few hundred products and rotations in double precision is some 1e-13 of the largest.</summary>
    [Theory, MemberData(nameof(Cases))]
    public void Eigenvalues_are_found_as_often_as_they_are_there(string spectrum, SpectrumEnd end, int width)
    {
        double[] eigenvalues = [.. Spectra[spectrum].OrderDescending()];
        var matrix = Rotated(eigenvalues);
        int wanted = end == SpectrumEnd.Both ? 3 : 5;
        double scale = eigenvalues.Max(Math.Abs);

        var found = Found(matrix, new EigenvalueSearch(eigenvalues.Length, new() { Count = wanted, End = end, Tolerance = 1e-10, Seed = 3 }, width, most: 100_000));

        double[] expected = end switch
        {
            SpectrumEnd.Largest => [.. eigenvalues.Take(wanted)],
            SpectrumEnd.Smallest => [.. eigenvalues.TakeLast(wanted)],
            _ => [.. eigenvalues.Where((_, i) => i < wanted || i >= eigenvalues.Length - wanted)],
        };
        Assert.Equal(expected.Length, found.Values.Count);
        Assert.True(found.Converged);
        for (int i = 0; i < expected.Length; i++)
        {
            Near.Absolute(expected[i], found.Values[i].Value, 1e-11 * scale);
            // With the bound that is proved, and what is lost in measuring it.
            Assert.True(Math.Abs(expected[i] - found.Values[i].Value) <= found.Bound + 1e-13 * scale);
            var vector = Vector<double>.Build.DenseOfArray(found.Vectors![i]);
            Near.Absolute(found.Values[i].Residual, (matrix * vector - found.Values[i].Value * vector).L2Norm(), 1e-13 * scale);
            for (int j = 0; j <= i; j++) Near.Absolute(i == j ? 1 : 0, LongVectors.Dot(found.Vectors[i], found.Vectors[j]), 1e-11);
        }
    }

    /// <summary>It says so where the products do not suffice, and its bound holds all the same.</summary>
    [Theory]
    [InlineData(12)]
    [InlineData(30)]
    public void Too_few_products_are_said(int most)
    {
        double[] eigenvalues = [.. Spectra["even"].OrderDescending()];
        var search = new EigenvalueSearch(eigenvalues.Length, new() { Count = 4, Tolerance = 1e-10, Seed = 1 }, width: 1, most);

        var found = Found(Rotated(eigenvalues), search);

        Assert.False(found.Converged);
        Assert.True(found.IsMeasured);
        Assert.Equal(most, found.Products);
        foreach (var value in found.Values) Assert.Contains(eigenvalues, exact => Math.Abs(exact - value.Value) <= value.Residual);
    }

    [Fact]
    public void The_same_seed_finds_the_same_bits_and_another_one_the_same_values()
    {
        double[] eigenvalues = Spectra["outliers above a bulk"];
        var matrix = Rotated(eigenvalues);
        EigenvalueEstimate Of(ulong seed) => Found(matrix, new EigenvalueSearch(eigenvalues.Length, new() { Count = 4, Tolerance = 1e-9, Seed = seed }, width: 2, most: 10_000));

        Assert.Equal(Of(1).Values, Of(1).Values);
        Assert.NotEqual(Of(1).Vectors![0], Of(2).Vectors![0]);
        foreach (var (one, other) in Of(1).Values.Zip(Of(2).Values)) Near.Relative(one.Value, other.Value, 1e-12);
    }

    private static EigenvalueEstimate Found(Matrix<double> matrix, EigenvalueSearch search)
    {
        while (!search.IsDone)
            search.Take([.. search.Next.Select(vector => vector is null ? [] : (matrix * Vector<double>.Build.DenseOfArray(vector)).ToArray())]);
        return search.Estimate!;
    }

    /// <summary>A matrix of these eigenvalues, by four reflections.</summary>
    private static Matrix<double> Rotated(double[] eigenvalues)
    {
        var random = new Random(7);
        var matrix = Matrix<double>.Build.DenseOfDiagonalArray(eigenvalues);
        for (int turn = 0; turn < 4; turn++)
        {
            var normal = Vector<double>.Build.Dense(eigenvalues.Length, _ => random.NextDouble() - 0.5).Normalize(2);
            var reflection = Matrix<double>.Build.DenseIdentity(eigenvalues.Length) - 2 * normal.OuterProduct(normal);
            matrix = reflection * matrix * reflection;
        }

        return (matrix + matrix.Transpose()) / 2;
    }
}
