using MathNet.Numerics.LinearAlgebra;

namespace ActorHutch.Curvature.Eigenvalues;

/// <summary>A Ritz pair: an approximation to an eigenvalue and its eigenvector.</summary>
/// <param name="Value">θ.</param>
/// <param name="Vector">Its vector's coordinates in the basis, of length 1.</param>
/// <param name="Residual">‖Hx − θx‖, as the recurrence has it.</param>
internal sealed record RitzPair(double Value, double[] Vector, double Residual);

/// <summary>
/// A Krylov decomposition of a symmetric matrix, HS = ST + WBᵀ with orthonormal [S W]: the products HW extend it by a block, and Ritz
/// vectors that are worth keeping take the place of S where it is large enough.
/// </summary>
/// <remarks>
/// The thick restart is K. Wu and H. Simon's, «Thick-restart Lanczos method for large symmetric eigenvalue problems», 2000, in the form of
/// G. W. Stewart, «A Krylov-Schur algorithm for large eigenproblems», 2001. Every vector is orthogonalised twice against all others.
/// </remarks>
internal sealed class KrylovSpace
{
    private readonly int _size;
    private readonly int _width;
    private readonly Directions _directions;
    private readonly List<double[]> _basis = [];
    private readonly double[]?[] _next;
    private Matrix<double>? _projected;
    private double[][] _coupling = [];

    /// <param name="size">How many parameters there are.</param>
    /// <param name="width">Vectors in a block.</param>
    /// <param name="seed">Of the random vectors that it begins with.</param>
    public KrylovSpace(int size, int width, ulong seed)
    {
        (_size, _width) = (size, width);
        _directions = new Directions(size, seed);
        _next = new double[]?[width];
        for (int j = 0; j < width; j++) _next[j] = Fresh(j);
    }

    /// <summary>Vectors in S.</summary>
    public int Count => _basis.Count;

    /// <summary>W, whose products are wanted; null in place of those for which there is no dimension left.</summary>
    public IReadOnlyList<double[]?> Next => _next;

    /// <summary>Whether S spans all there is.</summary>
    public bool IsWhole => _basis.Count == _size;

    /// <summary>The Ritz pairs, the smallest value first.</summary>
    public IReadOnlyList<RitzPair> Pairs()
    {
        if (_projected is null) return [];
        var eigen = _projected.Evd(Symmetricity.Symmetric);
        return [.. Enumerable.Range(0, Count)
            .Select(p =>
            {
                double[] vector = eigen.EigenVectors.Column(p).ToArray();
                double squares = 0;
                for (int j = 0; j < _width; j++)
                {
                    double along = 0;
                    for (int i = 0; i < vector.Length; i++) along += _coupling[i][j] * vector[i];
                    squares += along * along;
                }

                return new RitzPair(eigen.EigenValues[p].Real, vector, Math.Sqrt(squares));
            })
            .OrderBy(pair => pair.Value)];
    }

    /// <summary>A Ritz pair's vector x.</summary>
    public double[] VectorOf(RitzPair pair) => LongVectors.Combine(_basis, pair.Vector);

    /// <summary>Takes W into S.</summary>
    /// <param name="left">HW, which is this space's from then on; what is in the place of a null is not looked at.</param>
    public void Expand(IReadOnlyList<double[]> left)
    {
        int before = Count;
        int[] taken = [.. Enumerable.Range(0, _width).Where(j => _next[j] is not null)];
        foreach (int j in taken) _basis.Add(_next[j]!);
        var projected = Matrix<double>.Build.Dense(Count, Count);
        if (_projected is not null) projected.SetSubMatrix(0, 0, _projected);
        double[] sizes = [.. taken.Select(j => LongVectors.Norm(left[j]))];
        for (int t = 0; t < taken.Length; t++)
        {
            double[] along = Directions.Orthogonalise(left[taken[t]], _basis, Expected(before, taken[t], taken.Length, left[taken[t]]));
            for (int i = 0; i < Count; i++)
            {
                // Both halves of the new block are known, and differ by rounding.
                double value = i < before ? along[i] : i - before < t ? (projected[before + t, i] + along[i]) / 2 : along[i];
                projected[i, before + t] = projected[before + t, i] = value;
            }
        }

        _projected = projected;
        _coupling = [.. Enumerable.Range(0, Count).Select(_ => new double[_width])];
        var next = new List<double[]>();
        for (int j = 0; j < _width; j++)
        {
            _next[j] = null;
            if (j < taken.Length && Count + next.Count < _size)
            {
                double[] along = Directions.Orthogonalise(left[j], next);
                for (int i = 0; i < along.Length; i++) _coupling[before + j][i] = along[i];
                double norm = _directions.Straighten(left[j], sizes[j], [.. _basis, .. next]);
                if (norm > 0)
                {
                    _next[j] = left[j];
                    _coupling[before + j][next.Count] = norm;
                }
            }

            _next[j] ??= Fresh(next.Count);
            if (_next[j] is { } vector) next.Add(vector);
        }
    }

    /// <summary>Keeps some Ritz vectors alone.</summary>
    /// <param name="kept">Which.</param>
    /// <param name="beginsAnew">Whether the space is to grow from random vectors: of converged pairs, to see what else there is.</param>
    public void Restart(IReadOnlyList<RitzPair> kept, bool beginsAnew)
    {
        double[][] coupling = [.. kept.Select(pair => Enumerable.Range(0, _width).Select(j => _coupling.Zip(pair.Vector, (row, y) => row[j] * y).Sum()).ToArray())];
        LongVectors.Rotate(_basis, [.. kept.Select(pair => pair.Vector)]);
        _projected = Matrix<double>.Build.DenseOfDiagonalArray([.. kept.Select(pair => pair.Value)]);
        _coupling = coupling;
        if (!beginsAnew) return;
        foreach (double[] row in _coupling) Array.Clear(row);
        Array.Clear(_next);
        for (int j = 0; j < _width; j++) _next[j] = Fresh(j);
    }

    /// <summary>A random vector orthogonal to S and to the first of W; null where there is no dimension left.</summary>
    private double[]? Fresh(int others) =>
        _basis.Count + others < _size ? _directions.Beside([.. _basis, .. _next.Take(others).OfType<double[]>()]) : null;

    /// <summary>
    /// What a product has along S and W: along S the coupling, which the recurrence knows, and few of which differ from zero; along W it is measured. Most
    /// vectors of S need not be passed over for it.
    /// </summary>
    private double[] Expected(int before, int column, int taken, double[] product) =>
    [
        .. Enumerable.Range(0, before).Select(i => _coupling[i][column]),
        .. LongVectors.Dots(_basis.GetRange(before, taken), product),
    ];
}
