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
    private bool _isSingular;

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
        _isSingular |= beside == 0;
    }

    /// <inheritdoc/>
    protected override void TakeWithin(int i, double[] product) => _projected.SetColumn(i, LongVectors.Dots(Basis, product));

    /// <inheritdoc/>
    protected override IEnumerable<double> Values()
    {
        var projected = (_projected + _projected.Transpose()) / 2;
        for (int i = 0; i < Count; i++)
        {
            var left = LeftOut(i);
            var along = Vector<double>.Build.Dense(LongVectors.Dots(Basis, Random(i)));
            double beside = left.DotProduct(along);
            var rest = along - left * beside;
            double squares = Size - along.DotProduct(along) + beside * beside;
            double form = _forms[i] - 2 * _triangle.Column(i).DotProduct(rest) + rest.DotProduct(projected * rest);
            double beyond = squares > (double)Size * Size * Unit ? (Size - Count + 1) / squares * form : 0;
            yield return Within + beyond - left.DotProduct(projected * left);
        }
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
