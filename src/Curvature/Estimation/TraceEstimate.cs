using ActorHutch.Curvature.Operations;
using ActorHutch.Curvature.Operators;
using ActorHutch.Curvature.Statistics;

namespace ActorHutch.Curvature.Estimation;

/// <summary>The trace of one diagonal block.</summary>
/// <param name="Name">The parameter's name.</param>
/// <param name="Trace">The block's trace, or its estimate.</param>
/// <param name="StandardError">The estimate's standard error; 0 where the trace is exact.</param>
public sealed record BlockTrace(string Name, double Trace, double StandardError);

/// <summary>What the quadratic forms of some probes say about the trace.</summary>
/// <param name="Moments">Of the probes' vᵀHv.</param>
/// <param name="Confidence">Student's t interval for the trace, widened by what rounding may add where that is known.</param>
/// <param name="Blocks">One entry a block; empty where the blocks were not told apart.</param>
public sealed record TraceEstimate(Moments Moments, ConfidenceInterval Confidence, IReadOnlyList<BlockTrace> Blocks)
{
    /// <summary>The estimate: the mean of vᵀHv.</summary>
    public double Trace => Moments.Mean;

    /// <summary>Its standard error s/√V; not a number for a single probe.</summary>
    public double StandardError => Moments.StandardError;

    /// <summary>How many probes it rests on.</summary>
    public long Probes => Moments.Count;

    /// <summary>How much rounding moves it, which the interval holds; null where it is not known, or none.</summary>
    public RoundingError? Rounding { get; init; }

    /// <summary>The interval's half-width without what rounding adds: more probes reduce it.</summary>
    public double StatisticalHalfWidth => Confidence.HalfWidth - (Rounding?.Bound ?? 0);
}

/// <summary>A trace without sampling error: the sum of the quadratic forms of all basis vectors.</summary>
/// <param name="Trace">The trace.</param>
/// <param name="Blocks">One entry a block; empty where the blocks were not told apart.</param>
public sealed record ExactTrace(double Trace, IReadOnlyList<BlockTrace> Blocks)
{
    private const int LanesAtOnce = 1024;

    /// <summary>How much rounding moves it; null where it is not known, or none.</summary>
    public RoundingError? Rounding { get; init; }

    /// <summary>
    /// Computes the exact trace of a risk's curvature matrix, by basis vectors in output space where the model's
    /// layers allow it, and in parameter space (one product a parameter) otherwise.
    /// </summary>
    /// <param name="risk">The risk.</param>
    /// <param name="matrix">Hessian or GGN.</param>
    /// <param name="table">The layer rules; null for <see cref="OperationTable.Default"/>.</param>
    /// <param name="cancellation">Ends the computation between stacks of basis vectors.</param>
    public static ExactTrace Of(
        EmpiricalRisk risk, CurvatureMatrix matrix = CurvatureMatrix.Hessian, OperationTable? table = null,
        CancellationToken cancellation = default)
    {
        using var form = QuadraticForms.CreateExact(risk, matrix, table);
        var accumulator = new TraceAccumulator(form.Blocks);
        while (accumulator.Count < form.BasisCount)
        {
            int count = (int)Math.Min(LanesAtOnce, form.BasisCount - accumulator.Count);
            accumulator.Add(form.Evaluate(accumulator.Count, count, cancellation));
        }

        return accumulator.Sum();
    }
}
