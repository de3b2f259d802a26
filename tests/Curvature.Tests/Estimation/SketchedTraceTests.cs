using ActorHutch.Curvature.Estimation;
using MathNet.Numerics.LinearAlgebra;

namespace ActorHutch.Curvature.Tests.Estimation;

/// <summary>XTrace and Hutch++ on explicit matrices, in double precision.</summary>
public sealed class SketchedTraceTests
{
    private const int Size = 60, Seeds = 400;

    private static readonly string[] Methods = ["xtrace", "hutchpp"];

    private static readonly Dictionary<string, double[]> Spectra = new()
    {
        ["flat"] = [.. Enumerable.Range(0, Size).Select(i => 1.0 + i % 2)],
        ["decaying fast"] = [.. Enumerable.Range(0, Size).Select(i => Math.Pow(0.8, i))],
        ["decaying slowly"] = [.. Enumerable.Range(0, Size).Select(i => 1.0 / (1 + i))],
        ["of low rank"] = [.. Enumerable.Range(0, Size).Select(i => i < 20 ? 1.0 : 0)],
        ["indefinite"] = [.. Enumerable.Range(0, Size).Select(i => Math.Sin(i) / (1 + i / 5))],
    };

    public static TheoryData<string, string, int> Cases()
    {
        var data = new TheoryData<string, string, int>();
        foreach (string method in Methods)
        {
            foreach (string spectrum in Spectra.Keys)
            {
                foreach (int products in (int[])[12, 24, 36]) data.Add(method, spectrum, products);
            }
        }

        return data;
    }

    public static TheoryData<string, int, int, int> Exact()
    {
        var data = new TheoryData<string, int, int, int>();
        foreach (string method in Methods)
        {
            foreach (var (size, rank, vectors) in ((int, int, int)[])[(60, 5, 10), (60, 9, 10), (60, 0, 3), (7, 7, 7), (7, 7, 20), (1, 1, 2)]) data.Add(method, size, rank, vectors);
        }

        return data;
    }

    /// <summary>Rounding of a few dozen products is some 1e-13 of the largest eigenvalue; 1e-9 leaves room.</summary>
    [Theory, MemberData(nameof(Exact))]
    public void It_is_exact_where_the_space_holds_the_range(string method, int size, int rank, int vectors)
    {
        var matrix = Rotated([.. Enumerable.Range(0, size).Select(i => i < rank ? (i % 2 == 0 ? 1.0 : -0.5) * (i + 1) : 0)]);

        var found = Estimate(method, matrix, ProductsFor(method, vectors), 3);

        Near.Absolute(matrix.Trace(), found.Trace, 1e-9);
        Assert.Equal((true, 0.0, double.PositiveInfinity), (found.IsExact, found.StandardError, found.DegreesOfFreedom));
        // Two turns of as many vectors as it takes, and no probes.
        Assert.Equal(2 * Math.Min(size, vectors), found.Probes);
    }

    /// <summary>A space of exactly the range is not known to be all of it, and the estimate is right all the same.</summary>
    [Fact]
    public void A_space_of_the_range_alone_leaves_hutchpp_rounding()
    {
        var found = Estimate("hutchpp", Rotated(Spectra["of low rank"]), ProductsFor("hutchpp", 20), 3);

        Assert.False(found.IsExact);
        Near.Absolute(20, found.Trace, 1e-9);
        Assert.InRange(found.StandardError, 0, 1e-9);
    }

    /// <summary>
    /// Over 400 fixed seeds: the mean is the trace within five of its standard errors, a false alarm in some 10⁶. The mean of the squared
    /// standard errors that are told is the mean squared error, within five standard errors of the difference: Hutch++ tells a variance that
    /// is unbiased, and so does XTrace, except that it takes no covariance below 0, which adds: with 1,000 seeds at most a tenth.
    /// </summary>
    [Theory, MemberData(nameof(Cases))]
    public void It_is_unbiased_and_so_is_the_variance_that_it_tells(string method, string spectrum, int products)
    {
        var matrix = Rotated(Spectra[spectrum]);
        double exact = matrix.Trace();
        var found = Enumerable.Range(0, Seeds).Select(seed => Estimate(method, matrix, products, (ulong)seed)).ToArray();

        double[] errors = [.. found.Select(one => one.Trace - exact)];
        double[] told = [.. found.Select(one => one.StandardError * one.StandardError)];
        Near.Absolute(0, errors.Average(), 5 * ErrorOfMean(errors));
        double[] differences = [.. told.Zip(errors, (square, error) => square - error * error)];
        double allowed = 5 * ErrorOfMean(differences);
        Assert.InRange(differences.Average(), -allowed, allowed + (method == "xtrace" ? 0.2 * told.Average() : 0));
        // Without this the allowance might be anything: it is what a test of 400 squared errors is good for.
        Assert.InRange(allowed, 0, 0.9 * told.Average());
    }

    /// <summary>
    /// Student's interval of a standard error that is itself estimated: of 400 a 95 % interval misses 20, and more than 44, 11 %, were 5.5 standard
    /// errors away. Here intervals of fast decay are the worst, since their errors are far from normal.
    /// </summary>
    [Theory, MemberData(nameof(Cases))]
    public void Its_intervals_hold_the_trace(string method, string spectrum, int products)
    {
        var matrix = Rotated(Spectra[spectrum]);
        int missed = Enumerable.Range(0, Seeds).Count(seed => !Estimate(method, matrix, products, (ulong)seed).Confidence.Contains(matrix.Trace()));

        Assert.InRange(missed, 0, 0.11 * Seeds);
    }

    /// <summary>With 40 products Hutchinson's relative standard error is about √(2 Σλ² / 40) / Σλ = 0.13 for λ = 0.5^i.</summary>
    [Theory]
    [InlineData("xtrace", 1e-3)]
    [InlineData("hutchpp", 1e-2)]
    public void It_finds_what_decays_fast(string method, double within)
    {
        var matrix = Rotated([.. Enumerable.Range(0, 100).Select(i => Math.Pow(0.5, i))]);
        for (ulong seed = 0; seed < 10; seed++) Near.Absolute(2, Estimate(method, matrix, 40, seed).Trace, within);
    }

    /// <summary>
    /// As many vectors of each turn are multiplied, however many at once; 60 are more than there are parameters of the smaller matrix, and so the
    /// last chunk of a turn is not full.
    /// </summary>
    [Theory]
    [InlineData("xtrace", Size)]
    [InlineData("hutchpp", Size)]
    [InlineData("xtrace", 17)]
    [InlineData("hutchpp", 17)]
    public void How_many_are_multiplied_at_once_does_not_show(string method, int size)
    {
        var matrix = Rotated(Spectra["indefinite"][..size]);
        int products = size < Size ? 120 : 60;
        var one = Estimate(method, matrix, products, 3);
        foreach (int width in (int[])[2, 5, 10])
        {
            var several = Estimate(method, matrix, products, 3, width);

            Assert.Equal((one.Probes, one.IsExact, one.DegreesOfFreedom), (several.Probes, several.IsExact, several.DegreesOfFreedom));
            Near.Absolute(one.Trace, several.Trace, 1e-12);
            Near.Absolute(one.StandardError, several.StandardError, 1e-12);
        }

        Assert.Equal(size < Size, one.IsExact);
    }

    /// <summary>What a fold makes of the products does not depend on what else a process computes.</summary>
    [Theory]
    [InlineData("xtrace")]
    [InlineData("hutchpp")]
    public void The_same_seed_gives_the_same_bits_and_another_one_others(string method)
    {
        var matrix = Rotated(Spectra["decaying slowly"]);

        Assert.Equal(Estimate(method, matrix, 30, 1).Values, Estimate(method, matrix, 30, 1).Values);
        Assert.NotEqual(Estimate(method, matrix, 30, 1).Trace, Estimate(method, matrix, 30, 2).Trace);
    }

    /// <summary>Products that give the space so many vectors, and Hutch++ as many probes.</summary>
    private static int ProductsFor(string method, int vectors) => (method == "xtrace" ? 2 : 3) * vectors;

    private static double ErrorOfMean(double[] values)
    {
        double mean = values.Average();
        return Math.Sqrt(values.Sum(value => (value - mean) * (value - mean)) / (values.Length - 1) / values.Length);
    }

    private static TraceEstimate Estimate(string method, Matrix<double> matrix, int products, ulong seed, int width = 1)
    {
        var grid = new WorkGrid(products, width, 1, 1);
        SketchedTrace trace = method == "xtrace" ? new XTrace(matrix.RowCount, grid, seed) : new HutchPlusPlus(matrix.RowCount, grid, seed);
        while (!trace.IsDone) trace.Take([.. trace.Next.Select(vector => vector is null ? [] : (matrix * Vector<double>.Build.Dense(vector)).ToArray())]);
        return trace.Estimate(0.95)!;
    }

    private static Matrix<double> Rotated(double[] eigenvalues)
    {
        var rotation = Matrix<double>.Build.Random(eigenvalues.Length, eigenvalues.Length, 5).QR().Q;
        return rotation * Matrix<double>.Build.DenseOfDiagonalArray(eigenvalues) * rotation.Transpose();
    }
}
