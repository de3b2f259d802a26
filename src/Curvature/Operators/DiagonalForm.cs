using ActorHutch.Curvature.Probes;

namespace ActorHutch.Curvature.Operators;

/// <summary>
/// The diagonal from some probes: their mean, and the sum of squares of what they are from it, so that no more than two rows of all parameters
/// are kept or sent, however many probes there are. Of basis vectors the first row is their sum, and the second zero.
/// </summary>
/// <remarks>B. P. Welford, «Note on a method for calculating corrected sums of squares and products», 1962.</remarks>
/// <param name="form">Gives a row a probe.</param>
/// <param name="isExact">Whether probes are basis vectors.</param>
internal sealed class DiagonalForm(IQuadraticForm form, bool isExact) : IQuadraticForm
{
    /// <summary>Rows that are there at once take no more.</summary>
    private const long Bytes = 256L << 20;

    /// <summary>Whether probes are basis vectors.</summary>
    public bool IsExact => isExact;

    /// <summary>The form that gives a row a probe.</summary>
    public IQuadraticForm Inner => form;

    /// <inheritdoc/>
    public CurvatureMethod Method => form.Method;

    /// <inheritdoc/>
    public string MethodReason => form.MethodReason + (isExact ? "; exact, by all basis vectors" : "");

    /// <inheritdoc/>
    public ProbeSpace ProbeSpace => form.ProbeSpace;

    /// <inheritdoc/>
    public double Passes => form.Passes;

    /// <inheritdoc/>
    public IReadOnlyList<string> Blocks => form.Blocks;

    /// <inheritdoc/>
    public IReadOnlyList<long[]> Shapes => form.Shapes;

    /// <inheritdoc/>
    public long BasisCount => form.BasisCount;

    /// <inheritdoc/>
    public long KeptBytes => form.KeptBytes;

    /// <inheritdoc/>
    public ProbeValues Evaluate(long firstProbe, int count, CancellationToken cancellation = default)
    {
        int columns = form.Columns;
        double[] rows = new double[2 * columns];
        var (mean, squares) = (rows.AsMemory(0, columns), rows.AsMemory(columns));
        double weight = 1;
        int most = (int)Math.Clamp(Bytes / sizeof(double) / columns, 1, count);
        for (int done = 0; done < count;)
        {
            var values = form.Evaluate(firstProbe + done, Math.Min(most, count - done), cancellation);
            weight = values.Weight;
            for (int row = 0; row < values.Count; row++) Add(values[row], ++done, mean.Span, squares.Span);
        }

        return new ProbeValues(firstProbe, columns, rows) { Weight = weight };
    }

    /// <inheritdoc/>
    public ProbeValues WarmUp(CancellationToken cancellation = default) => form.WarmUp(cancellation);

    /// <inheritdoc/>
    public void Dispose() => form.Dispose();

    private void Add(ReadOnlySpan<double> values, int count, Span<double> mean, Span<double> squares)
    {
        if (isExact)
        {
            for (int i = 0; i < values.Length; i++) mean[i] += values[i];
            return;
        }

        for (int i = 0; i < values.Length; i++)
        {
            double from = values[i] - mean[i];
            mean[i] += from / count;
            squares[i] += from * (values[i] - mean[i]);
        }
    }
}
