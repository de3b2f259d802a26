using ActorHutch.Curvature.Graphs;
using ActorHutch.Curvature.Probes;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Operators;

/// <summary>
/// Quadratic forms with an independent probe for each sample, drawn at the layers' outputs: one sweep a draw, or all draws in one
/// sweep where blocks are not told apart. With Rademacher or Gaussian numbers their mean is the trace; with basis vectors their
/// sum is.
/// </summary>
/// <remarks>
/// With e_l what is drawn at layer l, in one sweep Q(e) = d²/dt² L(t·e) of all l at once. The e_l are independent and have mean zero,
/// so that E[Q(e)] = Σ_l E[e_lᵀ (∂²L/∂e_l²) e_l] = Σ_l tr(H_ll). Of a draw that serves several parameters, what is drawn has the sum
/// of their covariances.
/// </remarks>
internal sealed class OutputSpaceForm : StackedForm, IQuadraticForm
{
    private readonly Linearization _linearization;
    private readonly BlockStructure _structure;
    private readonly ProbeDistribution _distribution;
    private readonly ProbeBits _bits;
    private readonly List<(Operation Operation, OutputDraw Draw, int First, int[] Columns)> _draws = [];
    private readonly int _size;
    private readonly int _largestStack;

    /// <summary>Collects the layers' draws.</summary>
    /// <exception cref="CurvatureException">A parameter serves two layers, or none that can be drawn at.</exception>
    public OutputSpaceForm(
        Linearization linearization, BlockStructure structure, ProbeDistribution distribution, ulong seed, int largestStack)
        : base(linearization.Risk)
    {
        (_linearization, _structure, _distribution, _largestStack) = (linearization, structure, distribution, largestStack);
        if (distribution != ProbeDistribution.Basis) _bits = new ProbeBits(seed, distribution, ProbeSpace.Output);
        var column = Risk.Blocks.ToDictionary(block => block.Parameter.Handle, block => block.Index);
        using var noGrad = no_grad();
        foreach (var (operation, draw) in linearization.OutputDraws())
        {
            _draws.Add((operation, draw, _size, [.. draw.Parameters.Select(p => column[p.Handle])]));
            _size = checked(_size + draw.Size);
        }

        CheckEachBlockIsDrawnOnce();
    }

    /// <inheritdoc/>
    public override CurvatureMethod Method => CurvatureMethod.Quadratic;

    /// <inheritdoc/>
    public ProbeSpace ProbeSpace => ProbeSpace.Output;

    /// <inheritdoc/>
    public override IReadOnlyList<string> Blocks => _structure == BlockStructure.Full ? [] : base.Blocks;

    /// <inheritdoc/>
    public override long BasisCount => _size;

    /// <inheritdoc/>
    protected override int LargestStack => _largestStack;

    /// <inheritdoc/>
    protected override IEnumerable<Operation> Operations => _linearization.Operations;

    /// <inheritdoc/>
    protected override Tensor EvaluateStack(long firstProbe, int count) =>
        _structure == BlockStructure.Block ? ByBlocks(firstProbe, count)
        // A basis vector is drawn at one place alone.
        : _distribution == ProbeDistribution.Basis ? ByBlocks(firstProbe, count).sum(1, keepdim: true)
        : Together(firstProbe, count);

    /// <inheritdoc/>
    public override void Dispose() => _linearization.Dispose();

    /// <summary>All draws in one sweep, <c>[count, 1]</c>.</summary>
    private Tensor Together(long firstProbe, int count)
    {
        var places = _draws.ToLookup(draw => draw.Operation);
        return _linearization.QuadraticForms(count, operation =>
        {
            Tensor? sum = null;
            foreach (var (_, draw, first, _) in places[operation])
            {
                var numbers = Numbers(draw, first, firstProbe, count);
                if (!draw.IsUnweighted) numbers *= draw.Weights.sum(1).sqrt().to(Risk.Dtype);
                var tangent = draw.Tangent(numbers);
                sum = sum is null ? tangent : sum.Plus(tangent);
            }

            return sum;
        }).sum(1, keepdim: true, type: ScalarType.Float64);
    }

    /// <summary>One sweep a draw, <c>[count, blocks]</c>.</summary>
    private Tensor ByBlocks(long firstProbe, int count)
    {
        var result = zeros([count, Risk.Blocks.Count], ScalarType.Float64, Risk.Device);
        foreach (var (operation, draw, first, columns) in _draws)
        {
            using var scope = NewDisposeScope();
            var (numbers, row) = _distribution == ProbeDistribution.Basis
                ? Basis(draw, first, firstProbe, count)
                : (Numbers(draw, first, firstProbe, count), 0);
            if (numbers is null) continue;

            int lanes = (int)numbers.shape[0];
            var perSample = _linearization.QuadraticForms(lanes, at => ReferenceEquals(at, operation) ? draw.Tangent(numbers) : null);
            var values = perSample.to(ScalarType.Float64).mm(draw.Weights);
            for (int i = 0; i < columns.Length; i++)
                result.select(1, columns[i]).narrow(0, row, lanes).copy_(values.select(1, i));
        }

        return result;
    }

    /// <summary>A draw's numbers for each sample, <c>[P, J, N]</c>.</summary>
    private Tensor Numbers(OutputDraw draw, int first, long firstProbe, int count) =>
        _bits.Draw(firstProbe, count, (uint)first, draw.Size, Risk.SampleCount, Risk.Dtype, Risk.Device, Risk.FirstSample);

    /// <summary>
    /// The basis vectors among some lanes that belong to one draw, the same for all samples, <c>[P, J, N]</c>, and
    /// the first one's place among the lanes.
    /// </summary>
    private (Tensor? Lanes, long Row) Basis(OutputDraw draw, int first, long firstLane, int count)
    {
        long low = Math.Max(firstLane, first);
        long high = Math.Min(firstLane + count, first + draw.Size);
        if (low >= high) return (null, 0);

        var lanes = zeros([high - low, draw.Size, Risk.SampleCount], Risk.Dtype, Risk.Device);
        lanes.narrow(1, low - first, high - low).diagonal(dim1: 0, dim2: 1).FillWithOnes();
        return (lanes, low - firstLane);
    }

    private void CheckEachBlockIsDrawnOnce()
    {
        foreach (var block in Risk.Blocks)
        {
            int times = _draws.Sum(draw => draw.Columns.Count(c => c == block.Index));
            if (times == 1) continue;
            throw new NoLayerRuleException(times == 0
                ? $"Parameter {block.Name} is used by no layer that can be probed in output space."
                : $"Parameter {block.Name} is shared by {times} layers, which output space cannot probe independently.");
        }
    }
}
