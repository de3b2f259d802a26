using ActorHutch.Curvature.Graphs;
using ActorHutch.Curvature.Probes;
using TorchSharp;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Operators;

/// <summary>
/// Forward sweeps of tangents e_l that are drawn for each sample at the operations where parameters act: one draw at a time, or
/// all of them in one sweep.
/// </summary>
/// <remarks>
/// In one sweep Q(e) = Σ_lm e_lᵀ B_lm e_m of all draws at once. They are independent and have mean zero, so that E[Q(e)] =
/// Σ_l E[e_lᵀ B_ll e_l] = Σ_l tr(H_ll), and one pass backward through the sweep tells the blocks apart: ½ e_lᵀ ∂Q/∂e_l =
/// Σ_m e_lᵀ B_lm e_m, whose mean is tr(H_ll). Of a draw that serves several parameters, what is drawn has the sum of their covariances.
/// </remarks>
internal sealed class DrawSweep
{
    private readonly Linearization _linearization;
    private readonly bool _withLoss;
    private readonly int _firstStream;
    private readonly List<Place> _places = [];
    private readonly ILookup<Operation, Place> _at;

    /// <summary>Collects the draws.</summary>
    /// <param name="linearization">Of the samples.</param>
    /// <param name="withLoss">Whether the loss's own curvature counts, or the model's alone.</param>
    /// <param name="parameters">The parameters that are drawn, by their handles; null for all.</param>
    /// <param name="firstStream">The first stream of random numbers that is the draws'.</param>
    /// <param name="isInOrder">Whether it is known that samples come one after another.</param>
    /// <exception cref="NoLayerRuleException">One of the parameters serves two operations, or none that can be drawn at.</exception>
    public DrawSweep(Linearization linearization, bool withLoss, IReadOnlySet<IntPtr>? parameters = null, int firstStream = 0, bool isInOrder = false)
    {
        (_linearization, _withLoss, _firstStream) = (linearization, withLoss, firstStream);
        var column = linearization.Risk.Blocks.Where(block => parameters?.Contains(block.Parameter.Handle) != false)
            .ToDictionary(block => block.Parameter.Handle, block => block.Index);
        foreach (var (node, draw) in linearization.OutputDraws(isInOrder))
        {
            int[] columns = [.. draw.Parameters.Select(parameter => column.GetValueOrDefault(parameter.Handle, -1))];
            if (columns.All(one => one < 0)) continue;
            bool isSingle = !withLoss && linearization.CurvesEachNumberAlone(node, draw);
            _places.Add(new Place(linearization.Operations[node], draw, StreamCount, LaneCount, isSingle ? 1 : draw.Size, columns));
            StreamCount = checked(StreamCount + draw.Size);
            LaneCount = checked(LaneCount + _places[^1].Lanes);
        }

        _at = _places.ToLookup(place => place.Operation);
        foreach (var block in linearization.Risk.Blocks.Where(block => column.ContainsKey(block.Parameter.Handle)))
        {
            int drawn = _places.Sum(place => place.Columns.Count(c => c == block.Index));
            int uses = linearization.Graph.Nodes.SelectMany(node => node.Operands).Count(operand => operand is GraphTensor leaf && leaf.Tensor.Handle == block.Parameter.Handle);
            if (drawn == 1 && uses == 1) continue;
            throw new NoLayerRuleException(drawn == 0
                ? $"Parameter {block.Name} is used by no layer that can be probed in output space."
                : $"Parameter {block.Name} is shared by {uses} layers, which output space cannot probe independently.");
        }
    }

    /// <summary>How many basis vectors add up to the trace.</summary>
    public int LaneCount { get; private set; }

    private int StreamCount { get; set; }

    private int Columns => _linearization.Risk.Blocks.Count;

    private Device Device => _linearization.Risk.Device;

    private ScalarType Dtype => _linearization.Risk.Dtype;

    /// <summary>All draws in one sweep, whose blocks are not told apart, <c>[count, N, 1]</c> in float64.</summary>
    /// <param name="bits">The random numbers.</param>
    /// <param name="firstProbe">The first probe.</param>
    /// <param name="count">How many.</param>
    public Tensor Together(ProbeBits bits, long firstProbe, int count)
    {
        var numbers = _places.ToDictionary(place => place, place => Scaled(place, Numbers(place, bits, firstProbe, count)));
        return Swept(count, numbers).to(ScalarType.Float64).unsqueeze(-1);
    }

    /// <summary>All draws in one sweep, and their blocks from one pass backward through it, <c>[count, N, blocks]</c> in float64.</summary>
    /// <param name="bits">The random numbers.</param>
    /// <param name="firstProbe">The first probe.</param>
    /// <param name="count">How many.</param>
    public Tensor TogetherByBlocks(ProbeBits bits, long firstProbe, int count)
    {
        var numbers = _places.ToDictionary(place => place, place => Scaled(place, Numbers(place, bits, firstProbe, count)).requires_grad_());
        Tensor sum;
        using (enable_grad()) sum = Swept(count, numbers).sum();
        var gradients = Autograd.Gradients([sum], [.. _places.Select(place => numbers[place])]);
        var result = zeros([count, _linearization.SampleCount, Columns], ScalarType.Float64, Device);
        for (int i = 0; i < _places.Count; i++)
        {
            var place = _places[i];
            using var scope = NewDisposeScope();
            var perSample = (numbers[place].detach() * gradients[i]).sum(1, type: ScalarType.Float64).TimesInPlace(0.5);
            // What several parameters share is theirs as their covariances are.
            var weights = place.Draw.Weights;
            using Scalar least = double.Epsilon;
            Write(result, 0, place, perSample.unsqueeze(-1) * (weights / weights.sum(1, keepdim: true).clamp(min: least)));
        }

        return result;
    }

    /// <summary>One sweep a draw, <c>[count, N, blocks]</c> in float64.</summary>
    /// <param name="bits">The random numbers.</param>
    /// <param name="firstProbe">The first probe.</param>
    /// <param name="count">How many.</param>
    public Tensor OneByOne(ProbeBits bits, long firstProbe, int count)
    {
        var result = zeros([count, _linearization.SampleCount, Columns], ScalarType.Float64, Device);
        foreach (var place in _places)
        {
            using var scope = NewDisposeScope();
            Write(result, 0, place, Alone(place, Numbers(place, bits, firstProbe, count)));
        }

        return result;
    }

    /// <summary>Basis vectors, each of one draw and the same for all samples, <c>[count, N, blocks]</c> in float64.</summary>
    /// <param name="firstLane">The first of <see cref="LaneCount"/>.</param>
    /// <param name="count">How many.</param>
    public Tensor Basis(long firstLane, int count)
    {
        var result = zeros([count, _linearization.SampleCount, Columns], ScalarType.Float64, Device);
        foreach (var place in _places)
        {
            long low = Math.Max(firstLane, place.FirstLane), high = Math.Min(firstLane + count, place.FirstLane + place.Lanes);
            if (low >= high) continue;
            using var scope = NewDisposeScope();
            var lanes = zeros([high - low, place.Draw.Size, _linearization.SampleCount], Dtype, Device);
            // Where numbers do not mix, all of them at once have as many squares as one after another.
            if (place.Lanes != place.Draw.Size) lanes.FillWithOnes();
            else lanes.narrow(1, low - place.FirstLane, high - low).diagonal(dim1: 0, dim2: 1).FillWithOnes();
            Write(result, low - firstLane, place, Alone(place, lanes));
        }

        return result;
    }

    /// <summary>A draw's numbers for each sample, <c>[P, J, N]</c>.</summary>
    private Tensor Numbers(Place place, ProbeBits bits, long firstProbe, int count) => bits.Draw(
        firstProbe, count, (uint)(_firstStream + place.FirstStream), place.Draw.Size, _linearization.SampleCount, Dtype, Device, _linearization.Risk.FirstSample);

    /// <summary>The numbers with the covariance of all parameters that they serve.</summary>
    private Tensor Scaled(Place place, Tensor numbers) =>
        place.Draw.IsUnweighted ? numbers : numbers.mul_(place.Draw.Weights.sum(1).sqrt().to(Dtype));

    /// <summary>The quadratic form of one draw, for each of its parameters, <c>[P, N, parameters]</c> in float64.</summary>
    private Tensor Alone(Place place, Tensor numbers) => _linearization
        .QuadraticForms((int)numbers.shape[0], at => ReferenceEquals(at, place.Operation) ? place.Draw.Tangent(numbers) : null, _withLoss)
        .to(ScalarType.Float64).unsqueeze(-1) * place.Draw.Weights;

    /// <summary>The quadratic form of all draws, <c>[P, N]</c>.</summary>
    private Tensor Swept(int count, Dictionary<Place, Tensor> numbers) => _linearization.QuadraticForms(
        count,
        operation =>
        {
            Tensor? sum = null;
            foreach (var place in _at[operation])
            {
                var tangent = place.Draw.Tangent(numbers[place]);
                sum = sum is null ? tangent : sum.Plus(tangent);
            }

            return sum;
        },
        _withLoss);

    private static void Write(Tensor result, long row, Place place, Tensor values)
    {
        for (int i = 0; i < place.Columns.Length; i++)
        {
            if (place.Columns[i] >= 0) result.select(2, place.Columns[i]).narrow(0, row, values.shape[0]).copy_(values.select(2, i));
        }
    }

    /// <summary>What is drawn at one operation for some parameters.</summary>
    /// <param name="Operation">The operation.</param>
    /// <param name="Draw">The draw.</param>
    /// <param name="FirstStream">The first of its streams of random numbers.</param>
    /// <param name="FirstLane">The first of its basis vectors.</param>
    /// <param name="Lanes">How many basis vectors it takes.</param>
    /// <param name="Columns">The blocks of its parameters; −1 for one that is not drawn.</param>
    private sealed record Place(Operation Operation, OutputDraw Draw, int FirstStream, int FirstLane, int Lanes, int[] Columns);
}
