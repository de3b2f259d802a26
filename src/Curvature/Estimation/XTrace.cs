using ActorHutch.Curvature.Eigenvalues;
using MathNet.Numerics.LinearAlgebra;

namespace ActorHutch.Curvature.Estimation;

/// <summary>XTrace: each ω_i in turn, left out of the space that the others' products span, tells the trace beyond it.</summary>
/// <remarks>
/// E. N. Epperly, J. A. Tropp and R. J. Webber, «XTrace: making the most of every sample in stochastic trace estimation», 2024. With AΩ = QR and
/// a symmetric A, QᵀAΩ is R, so that no product has to be kept: memory is for Q alone.
/// </remarks>
internal sealed class XTrace : SketchedTrace
{
    private const double Unit = 2.220446049250313e-16;

    private readonly double[] _forms;
    private readonly Matrix<double> _triangle;
    private readonly Matrix<double> _projected;

    /// <param name="size">n, how many parameters there are.</param>
    /// <param name="grid">The products there may be: each half is of whole chunks.</param>
    /// <param name="seed">Of the random vectors.</param>
    public XTrace(int size, WorkGrid grid, ulong seed)
        : base(size, grid.ChunkSize, (int)Math.Min(size, grid.Probes / grid.ChunkSize / 2 * grid.ChunkSize), 0, seed)
    {
        _forms = new double[Count];
        _triangle = Matrix<double>.Build.Dense(Count, Count);
        _projected = Matrix<double>.Build.Dense(Count, Count);
    }

    /// <inheritdoc/>
    protected override double Within => _projected.Trace();

    /// <inheritdoc/>
    protected override void TakeSketch(double form, double[] along, double beside)
    {
        int i = along.Length;
        _forms[i] = form;
        for (int row = 0; row < i; row++) _triangle[row, i] = along[row];
        _triangle[i, i] = beside;
    }

    /// <inheritdoc/>
    protected override void TakeWithin(int i, double[] product) => _projected.SetColumn(i, LongVectors.Dots(Basis, product));

    /// <summary>
    /// The m estimates X_i, each with the space of all ω but ω_i, about their mean, and so far apart that the standard error of their mean is what is
    /// known of it. Given all ω but ω_i, X_i has the mean tr(A), and so has X_ij, the same without ω_j: d_ij = X_i − X_ij has the mean 0. X_ji does
    /// not depend on ω_i, and so of Cov(X_i, X_j) = E[(X_ij + d_ij − tr(A)) (X_ji + d_ji − tr(A))] only E[d_ij d_ji] is not 0. s²/m, and the mean of d_ij d_ji
    /// over all pairs, have together the mean Var(ΣX_i/m). A negative mean over the pairs is chance, and taken for 0.
    /// </summary>
    protected override IEnumerable<double> Values()
    {
        var projected = (_projected + _projected.Transpose()) / 2;
        var along = Matrix<double>.Build.DenseOfColumnArrays(Enumerable.Range(0, Count).Select(i => LongVectors.Dots(Basis, Random(i))));
        var left = Matrix<double>.Build.DenseOfColumnVectors(Enumerable.Range(0, Count).Select(LeftOut));
        var pairs = new Pairs(this, projected, along, left);
        double[] values = [.. Enumerable.Range(0, Count).Select(i => pairs.Of(i, i))];
        double mean = values.Average(), spread = values.Sum(value => (value - mean) * (value - mean)) / (Count - 1) / Count, common = 0;
        for (int i = 0; i < Count; i++)
        {
            for (int j = 0; j < i; j++) common += (values[i] - pairs.Of(i, j)) * (values[j] - pairs.Of(j, i));
        }

        common /= Count * (Count - 1) / 2.0;
        double stretch = common > 0 && spread > 0 ? Math.Sqrt(1 + common / spread) : 1;
        return values.Select(value => mean + stretch * (value - mean));
    }

    /// <summary>s_i, of length 1 and orthogonal to all columns of R but the i-th.</summary>
    private Vector<double> LeftOut(int i)
    {
        // Rᵀs = e_i, solved forward: entries before the i-th are 0, and the length is of no matter.
        var solved = Vector<double>.Build.Dense(Count);
        solved[i] = 1;
        for (int row = i + 1; row < Count; row++)
        {
            double sum = 0;
            for (int k = i; k < row; k++) sum -= _triangle[k, row] * solved[k];
            solved[row] = sum / _triangle[row, row];
        }

        return solved / solved.L2Norm();
    }

    /// <summary>What a vector tells of the trace beyond the space of the others, or of the others but one.</summary>
    private sealed class Pairs(XTrace trace, Matrix<double> projected, Matrix<double> along, Matrix<double> left)
    {
        private readonly double _within = projected.Trace();
        private readonly Matrix<double> _angles = left.TransposeThisAndMultiply(left);
        private readonly Matrix<double> _leftForms = left.TransposeThisAndMultiply(projected * left);
        private readonly Matrix<double> _beside = left.TransposeThisAndMultiply(along);
        private readonly Matrix<double> _mixedForms = left.TransposeThisAndMultiply(projected * along);
        private readonly Vector<double> _forms = Diagonal(along, projected * along);
        private readonly Vector<double> _squares = Diagonal(along, along);
        private readonly Vector<double> _products = Diagonal(trace._triangle, along);
        private readonly Vector<double> _leftProducts = Diagonal(trace._triangle, left);

        /// <summary>tr(Q'ᵀAQ') and ω_iᵀ(I − Q'Q'ᵀ)A(I − Q'Q'ᵀ)ω_i, scaled, with Q' = Q without s_i and t, which is what s_j has beside s_i.</summary>
        public double Of(int i, int j)
        {
            // Without an s_j, all that has to do with t is 0.
            double cosine = _angles[i, j], sine = i == j ? double.PositiveInfinity : Math.Sqrt(1 - cosine * cosine);
            double first = _beside[i, i], second = (_beside[j, i] - cosine * first) / sine;
            double firstForm = _leftForms[i, i], mixedForm = (_leftForms[j, i] - cosine * firstForm) / sine;
            double secondForm = (_leftForms[j, j] - cosine * (2 * _leftForms[j, i] - cosine * firstForm)) / (sine * sine);
            // R's columns but the i-th are orthogonal to s_i, and so the i-th is to s_j.
            double product = _products[i] - first * _leftProducts[i] + second * cosine / sine * _leftProducts[i];
            double form = _forms[i] - 2 * first * _mixedForms[i, i] - 2 * second * (_mixedForms[j, i] - cosine * _mixedForms[i, i]) / sine
                + first * first * firstForm + 2 * first * second * mixedForm + second * second * secondForm;
            double rest = trace._forms[i] - 2 * product + form;
            double squares = trace.Size - _squares[i] + first * first + second * second;
            int dimensions = trace.Size - trace.Count + (i == j ? 1 : 2);
            double beyond = squares > (double)trace.Size * trace.Size * Unit ? dimensions / squares * rest : 0;
            return _within - firstForm - secondForm + beyond;
        }

        private static Vector<double> Diagonal(Matrix<double> a, Matrix<double> b) =>
            Vector<double>.Build.DenseOfEnumerable(a.EnumerateColumns().Zip(b.EnumerateColumns(), (one, other) => one.DotProduct(other)));
    }
}
