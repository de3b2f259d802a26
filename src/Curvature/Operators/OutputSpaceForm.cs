using ActorHutch.Curvature.Graphs;
using ActorHutch.Curvature.Probes;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Operators;

/// <summary>
/// Quadratic forms with an independent probe for each sample, drawn at the layers' outputs: one sweep a draw, or all draws in one
/// sweep where blocks are not told apart. With Rademacher or Gaussian numbers their mean is the trace; with basis vectors their
/// sum is.
/// </summary>
internal sealed class OutputSpaceForm : SampledForm, IQuadraticForm
{
    private readonly Linearization _linearization;
    private readonly DrawSweep _draws;
    private readonly BlockStructure _structure;
    private readonly ProbeBits _bits;

    /// <summary>Collects the layers' draws.</summary>
    /// <exception cref="CurvatureException">A parameter serves two layers, or none that can be drawn at.</exception>
    public OutputSpaceForm(
        Linearization linearization, BlockStructure structure, ProbeDistribution distribution, ulong seed, long? budget)
        : base(linearization.Risk, distribution)
    {
        (_linearization, _structure) = (linearization, structure);
        if (distribution != ProbeDistribution.Basis) _bits = new ProbeBits(seed, distribution, ProbeSpace.Output);
        using var noGrad = no_grad();
        _draws = new DrawSweep(linearization, withLoss: true);
        LargestStack = StackSize.ForOutputSpace(linearization.Risk, linearization.Operations, checked(_draws.OwnNumbers * linearization.SampleCount), budget);
    }

    /// <inheritdoc/>
    public override CurvatureMethod Method => CurvatureMethod.Quadratic;

    /// <inheritdoc/>
    public ProbeSpace ProbeSpace => ProbeSpace.Output;

    /// <inheritdoc/>
    public override double Passes => _structure == BlockStructure.Full ? 1 : _draws.PlaceCount;

    /// <inheritdoc/>
    public override IReadOnlyList<string> Blocks => _structure == BlockStructure.Full ? [] : base.Blocks;

    /// <inheritdoc/>
    public override long BasisCount => _draws.LaneCount;

    /// <inheritdoc/>
    protected override int LargestStack { get; }

    /// <inheritdoc/>
    protected override IEnumerable<Operation> Operations => _linearization.Operations;

    /// <inheritdoc/>
    protected override IReadOnlyList<(long FirstSample, double Factor)> Parts { get; } = [(0, 1)];

    /// <inheritdoc/>
    protected override Tensor BySample(int part, long firstProbe, int count) => (_structure, Distribution) switch
    {
        // A basis vector is drawn at one place alone.
        (BlockStructure.Full, ProbeDistribution.Basis) => _draws.Basis(firstProbe, count).sum(2, keepdim: true),
        (_, ProbeDistribution.Basis) => _draws.Basis(firstProbe, count),
        (BlockStructure.Full, _) => _draws.Together(_bits, firstProbe, count),
        _ => _draws.OneByOne(_bits, firstProbe, count),
    };

    /// <inheritdoc/>
    public override void Dispose() => _linearization.Dispose();
}
