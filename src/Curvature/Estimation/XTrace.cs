using ActorHutch.Curvature.Eigenvalues;
using ActorHutch.Curvature.Probes;
using MathNet.Numerics.LinearAlgebra;

namespace ActorHutch.Curvature.Estimation;

/// <summary>
/// XTrace of a symmetric matrix A: m products AΩ span a space Q, m others AQ tell the trace within it, and each ω_i in turn, left out of the
/// space, tells that of the rest.
/// </summary>
/// <remarks>E. N. Epperly, J. A. Tropp and R. J. Webber, «XTrace: making the most of every sample in stochastic trace estimation», 2024.</remarks>
internal sealed class XTrace
{
    private const double Unit = 2.220446049250313e-16;

    private readonly int _size;
    private readonly ProbeBits _random;
    private readonly List<double[]> _products = [];
    private readonly List<double[]> _basis = [];
    private readonly Matrix<double> _triangle;
    private bool _isSingular;
    private long _drawn;

    /// <param name="size">n, how many parameters there are.</param>
    /// <param name="vectors">m, at least 1; no more than n are taken.</param>
    /// <param name="seed">Of the random vectors.</param>
    public XTrace(int size, int vectors, ulong seed)
    {
        (_size, Count) = (size, Math.Min(size, vectors));
        _random = new ProbeBits(seed, ProbeDistribution.Gaussian, ProbeSpace.Parameter);
        _triangle = Matrix<double>.Build.Dense(Count, Count);
        _drawn = Count;
    }

    /// <summary>m.</summary>
    public int Count { get; }

    /// <summary>The m estimates, once there are all products.</summary>
    public double[]? Estimates { get; private set; }

    /// <summary>ω_i where there is no basis yet, q_i after that.</summary>
    public double[] Vector(int i) => _basis.Count == 0 ? Random(i) : _basis[i];

    /// <summary>Takes the next product with the vectors in turn: first all Aω_i, then all Aq_i.</summary>
    public void Take(double[] product)
    {
        _products.Add(product);
        if (_products.Count == Count) Orthogonalise();
        else if (_products.Count == 2 * Count) Estimates = Estimated();
    }

    private double[] Random(long i)
    {
        double[] vector = new double[_size];
        _random.Fill(i, 0, vector.AsSpan());
        LongVectors.Scale(vector, Math.Sqrt(_size) / LongVectors.Norm(vector));
        return vector;
    }

    private void Orthogonalise()
    {
        for (int j = 0; j < Count; j++)
        {
            double[] vector = (double[])_products[j].Clone();
            double size = LongVectors.Norm(vector);
            Project(vector, j);
            double norm = LongVectors.Norm(vector);
            // What is less is rounding, and no direction.
            if (norm > 10 * Math.Sqrt(_size) * Unit * size)
            {
                _triangle[j, j] = norm;
            }
            else
            {
                _isSingular = true;
                vector = Random(_drawn++);
            }

            // Where little was left, or few dimensions are, its rounding is much.
            for (int pass = 0; pass < 2; pass++)
            {
                LongVectors.Scale(vector, 1 / LongVectors.Norm(vector));
                Project(vector, null);
            }

            LongVectors.Scale(vector, 1 / LongVectors.Norm(vector));
            _basis.Add(vector);
        }
    }

    /// <summary>Subtracts what a vector has along the basis, twice, and notes it as a column of R.</summary>
    private void Project(double[] vector, int? column)
    {
        for (int pass = 0; pass < 2; pass++)
        {
            double[] along = LongVectors.Dots(_basis, vector);
            LongVectors.Subtract(vector, _basis, along);
            if (column is not { } j) continue;
            for (int i = 0; i < along.Length; i++) _triangle[i, j] += along[i];
        }
    }

    private double[] Estimated()
    {
        double[][] seconds = [.. _products.Skip(Count)];
        var projected = Matrix<double>.Build.DenseOfColumnArrays(seconds.Select(product => LongVectors.Dots(_basis, product)));
        projected = (projected + projected.Transpose()) / 2;
        double within = projected.Trace();
        double[] estimates = new double[Count];
        for (int i = 0; i < Count; i++)
        {
            // The space is all there is.
            estimates[i] = within;
            if (Count == _size) continue;
            double[] probe = Random(i);
            var left = LeftOut(i);
            var along = Vector<double>.Build.Dense(LongVectors.Dots(_basis, probe));
            double beside = left.DotProduct(along);
            var rest = along - left * beside;
            var products = Vector<double>.Build.Dense(LongVectors.Dots(seconds, probe));
            double squares = _size - along.DotProduct(along) + beside * beside;
            double form = LongVectors.Dot(probe, _products[i]) - 2 * products.DotProduct(rest) + rest.DotProduct(projected * rest);
            double beyond = squares > _size * _size * Unit ? (_size - Count + 1) / squares * form : 0;
            estimates[i] += beyond - left.DotProduct(projected * left);
        }

        return estimates;
    }

    /// <summary>s_i, of length 1 and orthogonal to all columns of R but the i-th.</summary>
    private Vector<double> LeftOut(int i)
    {
        if (Count == 1) return Vector<double>.Build.Dense(1, 1);
        if (!_isSingular)
        {
            // Rᵀs = R_ii e_i, solved forward: entries before the i-th are 0, and the length is of no matter.
            var solved = Vector<double>.Build.Dense(Count);
            solved[i] = 1;
            for (int row = i + 1; row < Count; row++)
            {
                double sum = 0;
                for (int k = i; k < row; k++) sum -= _triangle[k, row] * solved[k];
                solved[row] = sum / _triangle[row, row];
            }

            double length = solved.L2Norm();
            if (double.IsFinite(length)) return solved / length;
        }

        return _triangle.RemoveColumn(i).Svd().U.Column(Count - 1);
    }
}
