using ActorHutch.Curvature.Losses;
using ActorHutch.Curvature.Operators;
using ActorHutch.Curvature.Statistics;

namespace ActorHutch.Curvature.Estimation;

/// <summary>
/// The trace of all samples from a part of them: shards in a random order, each with probes of its own, up to where the interval is as
/// narrow as is asked for.
/// </summary>
public sealed class SubsampleEstimator : Estimator
{
    /// <summary>The half-width, as a share of the trace, where nobody says another.</summary>
    public const double DefaultRelativeError = 0.01;

    /// <summary>Probes of a shard where nobody says another number: two tell how much they vary.</summary>
    public const int DefaultProbes = 2;

    internal SubsampleEstimator()
    {
    }

    /// <inheritdoc/>
    public override string Name => "subsample";

    /// <inheritdoc/>
    public override string Summary => "Estimates the trace from random shards of the data, as few as the target takes";

    /// <inheritdoc/>
    public override string Quantity => "trace";

    /// <inheritdoc/>
    public override string Unit => "shard";

    /// <inheritdoc/>
    public override bool IsExact => false;

    /// <inheritdoc/>
    public override bool TakesPart => true;

    /// <inheritdoc/>
    public override long? UsualProbes => DefaultProbes;

    /// <inheritdoc/>
    public override long? UsualShard => ShardSize.Small;

    /// <summary>Estimates the trace, in one process and on one thread.</summary>
    /// <param name="risk">All samples, in shards: <see cref="ShardSize.Small"/> ones where nothing else is known.</param>
    /// <param name="options">What is asked for; null for the defaults, with the space that serves the model best.</param>
    /// <param name="relativeError">The half-width, as a share of the trace, at which it stops.</param>
    /// <param name="probes">Probes of each shard, at least 2.</param>
    /// <param name="confidenceLevel">Of the interval.</param>
    /// <param name="cancellation">Ends the computation between stacks of probes.</param>
    public static TraceEstimate Estimate(
        ShardedRisk risk, CurvatureOptions? options = null, double relativeError = DefaultRelativeError, int probes = DefaultProbes,
        double confidenceLevel = 0.95, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(risk);
        ArgumentOutOfRangeException.ThrowIfLessThan(probes, DefaultProbes);
        options ??= new CurvatureOptions { ProbeSpace = null };
        using var form = QuadraticForms.Create(risk, options);
        var grid = new WorkGrid(probes, probes, risk.SampleCount, form.ShardSize).InOrder(options.Seed);
        var fold = new ShardSample(form.Blocks, grid, risk.Loss.Reduction == Reduction.Sum);
        while (true)
        {
            fold.Add(form.Evaluate(grid[fold.Count], keeps: false, cancellation));
            var estimate = fold.Estimate(confidenceLevel);
            if (fold.IsComplete || StoppingRule.IsSatisfied(estimate, relativeError)) return estimate;
        }
    }

    /// <inheritdoc/>
    public override long Probes(long asked, long basisCount) => asked;

    /// <inheritdoc/>
    public override int ComparedProbes(long probes) => Hutchinson.ComparedProbes(long.MaxValue);

    /// <inheritdoc/>
    public override double ExpectedHalfWidth(Moments sample, long probes, double level, double? relativeError) =>
        (relativeError ?? DefaultRelativeError) * Math.Abs(sample.Mean);

    /// <inheritdoc/>
    public override ValuesFold NewFold(FoldOptions options) => new ShardSample(options.Blocks, options.Grid, options.Sums);
}
