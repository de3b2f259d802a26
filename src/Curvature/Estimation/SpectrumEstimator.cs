using ActorHutch.Curvature.Operators;
using ActorHutch.Curvature.Statistics;

namespace ActorHutch.Curvature.Estimation;

/// <summary>
/// The density of the eigenvalues by stochastic Lanczos quadrature: the mean over random probes of vᵀf(H)v for any f, each by a run of the Lanczos
/// recurrence. With f(λ) = λ it is the trace.
/// </summary>
/// <remarks>
/// S. Ubaru, J. Chen and Y. Saad, «Fast estimation of tr(f(A)) via stochastic Lanczos quadrature», 2017; of neural networks, B. Ghorbani,
/// S. Krishnan and Y. Xiao, «An investigation into neural net optimization via Hessian eigenvalue density», 2019.
/// </remarks>
public sealed class SpectrumEstimator : Estimator
{
    /// <summary>Probes where nobody says another number.</summary>
    public const int DefaultProbes = 10;

    /// <summary>Steps of a run where nobody says another number.</summary>
    public const int DefaultSteps = 80;

    internal SpectrumEstimator()
    {
    }

    /// <inheritdoc/>
    public override string Name => "spectrum";

    /// <inheritdoc/>
    public override string Summary => "Estimates the density of the eigenvalues";

    /// <inheritdoc/>
    public override string Quantity => "spectrum";

    /// <inheritdoc/>
    public override string Unit => "probe";

    /// <inheritdoc/>
    public override bool IsExact => false;

    /// <inheritdoc/>
    public override bool RunsLanczos => true;

    /// <inheritdoc/>
    public override long? UsualProbes => DefaultProbes;

    /// <inheritdoc/>
    public override int? UsualVBatch => 1;

    /// <inheritdoc/>
    public override BlockStructure UsualStructure => BlockStructure.Full;

    /// <inheritdoc/>
    public override bool IsInParameterSpace => true;

    /// <summary>Estimates the spectrum, in one process and on one thread.</summary>
    /// <param name="risk">All samples.</param>
    /// <param name="options">The matrix, its structure, the probes' distribution and seed; null for the defaults.</param>
    /// <param name="probes">How many runs.</param>
    /// <param name="steps">m, how many products a run has.</param>
    /// <param name="confidenceLevel">Of the intervals.</param>
    /// <param name="cancellation">Ends the computation between products.</param>
    public static SpectrumEstimate Estimate(
        Risks.EmpiricalRisk risk, CurvatureOptions? options = null, int probes = DefaultProbes, int steps = DefaultSteps, double confidenceLevel = 0.95,
        CancellationToken cancellation = default)
    {
        using var form = QuadraticForms.Create(risk, (options ?? new CurvatureOptions()) with { LanczosSteps = steps });
        var fold = new SpectrumFold(form.Blocks);
        fold.Add(form.Evaluate(0, probes, cancellation));
        return fold.Estimate(confidenceLevel, null, true)!.Spectrum!;
    }

    /// <inheritdoc/>
    public override long Probes(long asked, long basisCount) => asked;

    /// <inheritdoc/>
    public override int ComparedProbes(long probes) => 0;

    /// <inheritdoc/>
    public override double ExpectedHalfWidth(Moments sample, long probes, double level, double? relativeError) =>
        Hutchinson.ExpectedHalfWidth(sample, probes, level, relativeError);

    /// <inheritdoc/>
    public override ValuesFold NewFold(FoldOptions options) => new SpectrumFold(options.Blocks);
}

/// <summary>Nodes and weights of all probes, in their order.</summary>
/// <param name="columns">The names of the values' columns.</param>
internal sealed class SpectrumFold(IReadOnlyList<string> columns) : ValuesFold
{
    private readonly List<QuadratureRule> _rules = [];
    private readonly Part[] _parts = [.. QuadratureColumns.Read(columns).Select(part => new Part(part))];
    private Moments _traces;

    /// <inheritdoc/>
    public override long Count => _rules.Count;

    /// <inheritdoc/>
    public override bool CountsNothing => false;

    /// <inheritdoc/>
    public override Moments Moments => _traces;

    /// <inheritdoc/>
    public override ProbeValues? Add(ProbeValues chunk)
    {
        for (int row = 0; row < chunk.Count; row++)
        {
            foreach (var part in _parts) part.Add(chunk[row]);
            var rule = _parts.Length == 1 ? _parts[0].Rules[^1] : Together(_parts.Select(part => part.Rules[^1]));
            _rules.Add(rule);
            _traces = _traces.Add(rule.Of(node => node));
        }

        return chunk;
    }

    /// <inheritdoc/>
    public override TraceEstimate? Estimate(double level, RoundingError? rounding, bool isComplete) => Count == 0 ? null :
        new(_traces.Mean, _traces.StandardError, Count, ConfidenceInterval.ForMean(_traces, level), [.. Named.Select(part => new BlockTrace(part.Block, part.Traces.Mean, part.Traces.StandardError))])
        {
            DegreesOfFreedom = Count - 1,
            Spectrum = new SpectrumEstimate([.. _rules], level)
            {
                Blocks = [.. Named.Select(part => new BlockSpectrum(part.Block, new SpectrumEstimate([.. part.Rules], level)))],
            },
        };

    private IEnumerable<Part> Named => _parts.Where(part => part.Block.Length > 0);

    /// <summary>The rule of a block-diagonal matrix: vᵀf(H)v is the sum of the blocks'.</summary>
    private static QuadratureRule Together(IEnumerable<QuadratureRule> rules)
    {
        (double Node, double Weight)[] all = [.. rules.SelectMany(rule => rule.Nodes.Zip(rule.Weights)).OrderBy(pair => pair.First)];
        return new QuadratureRule([.. all.Select(pair => pair.Node)], [.. all.Select(pair => pair.Weight)]);
    }

    private sealed class Part(QuadratureColumns columns)
    {
        public string Block => columns.Block;

        public List<QuadratureRule> Rules { get; } = [];

        public Moments Traces { get; private set; }

        public void Add(ReadOnlySpan<double> values)
        {
            var own = values[columns.First..columns.End];
            var rule = new QuadratureRule(own[..columns.Nodes].ToArray(), own[columns.Nodes..].ToArray());
            Rules.Add(rule);
            Traces = Traces.Add(rule.Of(node => node));
        }
    }
}
