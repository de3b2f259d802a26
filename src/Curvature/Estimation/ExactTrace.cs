using ActorHutch.Curvature.Operations;
using ActorHutch.Curvature.Operators;
using ActorHutch.Curvature.Probes;
using ActorHutch.Curvature.Risks;
using ActorHutch.Curvature.Statistics;

namespace ActorHutch.Curvature.Estimation;

/// <summary>The trace without sampling error: the sum of the quadratic forms of all basis vectors, Σ_i e_iᵀHe_i.</summary>
public sealed class ExactTrace : Estimator
{
    private const int LanesAtOnce = 1024;

    private const int Compared = 8;

    /// <summary>To what share of itself an exact trace is expected to be right.</summary>
    private const double ExpectedError = 1e-3;

    internal ExactTrace()
    {
    }

    /// <inheritdoc/>
    public override string Name => "exact";

    /// <inheritdoc/>
    public override string Summary => "Computes the exact trace";

    /// <inheritdoc/>
    public override string Quantity => "exact trace";

    /// <inheritdoc/>
    public override string Unit => "basis vector";

    /// <inheritdoc/>
    public override bool IsExact => true;

    /// <summary>
    /// Computes the exact trace of a risk's curvature matrix, by basis vectors in output space where the model's
    /// layers allow it, and in parameter space (one product a parameter) otherwise.
    /// </summary>
    /// <param name="risk">The risk.</param>
    /// <param name="matrix">Hessian or GGN.</param>
    /// <param name="table">The layer rules; null for <see cref="OperationTable.Default"/>.</param>
    /// <param name="cancellation">Ends the computation between stacks of basis vectors.</param>
    public static TraceEstimate Of(
        EmpiricalRisk risk, CurvatureMatrix matrix = CurvatureMatrix.Hessian, OperationTable? table = null,
        CancellationToken cancellation = default)
    {
        var options = Exact.Evaluated(new CurvatureOptions { Matrix = matrix, ProbeSpace = null });
        using var form = QuadraticForms.Create(risk, options, table);
        var accumulator = new TraceAccumulator(form.Blocks);
        while (accumulator.Count < form.BasisCount)
        {
            int count = (int)Math.Min(LanesAtOnce, form.BasisCount - accumulator.Count);
            accumulator.Add(form.Evaluate(accumulator.Count, count, cancellation));
        }

        return accumulator.Sum();
    }

    /// <inheritdoc/>
    public override CurvatureOptions Evaluated(CurvatureOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return options with { Distribution = ProbeDistribution.Basis };
    }

    /// <inheritdoc/>
    public override long Probes(long asked, long basisCount) => basisCount;

    /// <inheritdoc/>
    public override int ComparedProbes(long probes) => Compared;

    /// <inheritdoc/>
    public override double ExpectedHalfWidth(Moments sample, long probes, double level, double? relativeError) =>
        ErrorOf(sample.Mean);

    /// <inheritdoc/>
    public override ValuesFold NewFold(FoldOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return new ShardedTrace(options, (fold, level, rounding, isComplete) => isComplete ? fold.Sum(level, rounding) : null);
    }

    /// <summary>The error that is expected of an exact trace at most: people read four digits of it.</summary>
    internal static double ErrorOf(double trace) => ExpectedError * Math.Abs(trace);
}
