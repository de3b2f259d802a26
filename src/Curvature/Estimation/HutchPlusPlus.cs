using ActorHutch.Curvature.Eigenvalues;
using ActorHutch.Curvature.Probes;

namespace ActorHutch.Curvature.Estimation;

/// <summary>
/// Hutch++: a third of the products sketches the range, a third tells the trace within it, and the others are of random probes that are
/// orthogonal to it, tr(A) = tr(QᵀAQ) + E[gᵀ(I − QQᵀ)A(I − QQᵀ)g].
/// </summary>
/// <remarks>R. A. Meyer, C. Musco, C. Musco and D. P. Woodruff, «Hutch++: optimal stochastic trace estimation», 2021.</remarks>
internal sealed class HutchPlusPlus : SketchedTrace
{
    /// <summary>Entries ±1, as the paper has them: of all distributions that with the least variance.</summary>
    private readonly ProbeBits _signs;

    private readonly List<double> _forms = [];
    private double _within;

    /// <param name="size">n, how many parameters there are.</param>
    /// <param name="grid">The products there may be: each third is of whole chunks, and the last has what is left over.</param>
    /// <param name="seed">Of the random vectors.</param>
    public HutchPlusPlus(int size, WorkGrid grid, ulong seed)
        : base(size, grid.ChunkSize, Chunks(grid) / 3 * grid.ChunkSize, (Chunks(grid) - Chunks(grid) / 3 * 2) * grid.ChunkSize, seed) =>
        _signs = new ProbeBits(seed, ProbeDistribution.Rademacher, ProbeSpace.Parameter);

    /// <inheritdoc/>
    protected override double Within => _within;

    /// <inheritdoc/>
    protected override IEnumerable<double> Values() => _forms.Select(form => _within + form);

    /// <inheritdoc/>
    protected override double[] Probe(int i)
    {
        double[] probe = new double[Size];
        _signs.Fill(i, 0, probe.AsSpan());
        Directions.Orthogonalise(probe, Basis);
        return probe;
    }

    /// <inheritdoc/>
    protected override void TakeWithin(int i, double[] product) => _within += LongVectors.Dot(Basis[i], product);

    /// <inheritdoc/>
    protected override void TakeBeyond(double[] probe, double[] product) => _forms.Add(LongVectors.Dot(probe, product));

    private static int Chunks(WorkGrid grid) => (int)Math.Min(int.MaxValue / grid.ChunkSize, grid.Probes / grid.ChunkSize);
}
