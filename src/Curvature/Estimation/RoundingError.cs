using ActorHutch.Curvature.Operators;
using ActorHutch.Curvature.Statistics;

namespace ActorHutch.Curvature.Estimation;

/// <summary>How much the rounding of single precision moves one block's trace.</summary>
/// <param name="Name">The parameter's name.</param>
/// <param name="Bias">What it adds to the trace, estimated.</param>
/// <param name="Bound">What its magnitude does not exceed, at the interval's level.</param>
public sealed record BlockRounding(string Name, double Bias, double Bound);

/// <summary>
/// How much the rounding of single precision moves a trace, from a few probes that were evaluated in both precisions.
/// </summary>
/// <remarks>
/// With d = q₃₂(v) − q₆₄(v) for a random probe v, E[d] is the difference between what estimates in the two precisions have as
/// their mean. It is the same whatever V is, so more probes of single precision do not reduce it. From the mean d̄ and the standard
/// deviation s of K differences, |E[d]| ≤ B = |d̄| + t s/√K at the interval's level, and B is added to the interval's
/// half-width: docs/mathematics.md shows that the sum has the level that is stated.
/// <para>
/// An exact trace evaluates each direction once, and nothing averages: B = |d̄| + t s √(1 + 1/K), as for one more probe.
/// </para>
/// </remarks>
/// <param name="Bias">d̄.</param>
/// <param name="Bound">B.</param>
/// <param name="Probes">K.</param>
/// <param name="Sample">Moments of the same probes' vᵀHv in single precision.</param>
/// <param name="Blocks">One entry a block; empty where the blocks were not told apart.</param>
public sealed record RoundingError(
    double Bias, double Bound, int Probes, Moments Sample, IReadOnlyList<BlockRounding> Blocks)
{
    /// <summary>The fewest probes that tell a spread.</summary>
    public const int FewestProbes = 2;

    /// <summary>What share of the rest of the interval's half-width rounding may have before it is worth a word.</summary>
    private const double RelevantShare = 0.1;

    /// <summary>Evaluates the probes 0, …, K − 1 in both precisions.</summary>
    /// <param name="form">The quadratic form in single precision.</param>
    /// <param name="reference">
    /// The same in double precision, with the same numbers for weights and data, and with the same random probes; no basis
    /// vectors.
    /// </param>
    /// <param name="probes">K, at least <see cref="FewestProbes"/>.</param>
    /// <param name="level">The level of the interval that the bound is for.</param>
    /// <param name="isExact">Whether it is for an exact trace, and not for an estimate.</param>
    /// <param name="cancellation">Ends the computation between stacks of probes.</param>
    public static RoundingError Measure(
        IQuadraticForm form, IQuadraticForm reference, int probes, double level = 0.95, bool isExact = false,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(form);
        ArgumentNullException.ThrowIfNull(reference);
        return Of(
            form.Evaluate(0, probes, cancellation), reference.Evaluate(0, probes, cancellation), form.Blocks, level, isExact);
    }

    /// <summary>From the values of the same probes in both precisions.</summary>
    /// <param name="values">In single precision.</param>
    /// <param name="reference">In double precision.</param>
    /// <param name="blocks">Names of the columns; none, where they have a single one without a name.</param>
    /// <param name="level">The level of the interval that the bound is for.</param>
    /// <param name="isExact">Whether it is for an exact trace, and not for an estimate.</param>
    public static RoundingError Of(
        ProbeValues values, ProbeValues reference, IReadOnlyList<string> blocks, double level, bool isExact = false)
    {
        ArgumentNullException.ThrowIfNull(values);
        ArgumentNullException.ThrowIfNull(reference);
        ArgumentNullException.ThrowIfNull(blocks);
        ArgumentOutOfRangeException.ThrowIfLessThan(values.Count, FewestProbes);
        if ((values.FirstProbe, values.Count, values.Columns) != (reference.FirstProbe, reference.Count, reference.Columns))
            throw new ArgumentException("Both precisions must have the same probes and columns.", nameof(reference));

        Moments differences = default, sample = default;
        var byColumn = new Moments[values.Columns];
        for (int row = 0; row < values.Count; row++)
        {
            sample = sample.Add(values.Total(row));
            double sum = 0;
            for (int b = 0; b < byColumn.Length; b++)
            {
                double difference = values[row][b] - reference[row][b];
                byColumn[b] = byColumn[b].Add(difference);
                sum += difference;
            }

            differences = differences.Add(sum);
        }

        return new RoundingError(
            differences.Mean, Bound(differences), values.Count, sample,
            [.. blocks.Select((name, b) => new BlockRounding(name, byColumn[b].Mean, Bound(byColumn[b])))]);

        double Bound(Moments moments) => Math.Abs(moments.Mean)
            + ConfidenceInterval.ForMean(moments, level).HalfWidth * (isExact ? Math.Sqrt(1 + moments.Count) : 1);
    }

    /// <summary>Whether it is a relevant share of another error.</summary>
    /// <param name="halfWidth">The half-width that the interval has, or is expected to have, without it.</param>
    public bool IsRelevantBeside(double halfWidth) => Bound > RelevantShare * halfWidth;
}
