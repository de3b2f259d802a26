using ActorHutch.Curvature.Graphs;
using ActorHutch.Curvature.Probes;
using ActorHutch.Curvature.Sweeps;
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
    private readonly SampleAxes _axes;

    /// <summary>Collects the draws.</summary>
    /// <param name="linearization">Of the samples.</param>
    /// <param name="withLoss">Whether the loss's own curvature counts, or the model's alone.</param>
    /// <param name="parameters">The parameters that are drawn, by their handles; null for all.</param>
    /// <param name="firstStream">The first stream of random numbers that is the draws'.</param>
    /// <param name="axes">Where the samples are; null where that has to be found.</param>
    /// <exception cref="NoLayerRuleException">Samples cannot be told apart.</exception>
    public DrawSweep(Linearization linearization, bool withLoss, IReadOnlySet<IntPtr>? parameters = null, int firstStream = 0, SampleAxes? axes = null)
    {
        (_linearization, _withLoss, _firstStream) = (linearization, withLoss, firstStream);
        _axes = axes ?? new SampleAxes(linearization);
        foreach (var node in linearization.Graph.Nodes.Where(node => linearization.Operations[node.Index] is { IsCurved: true, LaneSize: > 0 } && linearization.Flow.HasSamples(node)))
            _ = _axes.At(node);
        var column = linearization.Risk.Blocks.Where(block => parameters?.Contains(block.Parameter.Handle) != false)
            .ToDictionary(block => block.Parameter.Handle, block => block.Index);
        foreach (var (node, draw) in linearization.OutputDraws(_axes))
        {
            int[] columns = [.. draw.Parameters.Select(parameter => column.GetValueOrDefault(parameter.Handle, -1))];
            if (columns.All(one => one < 0)) continue;
            bool isSingle = !withLoss && linearization.CurvesEachNumberAlone(node, draw);
            Add(linearization.Operations[node], draw, columns, isSingle ? 1 : draw.Size);
        }

        AddOwn(column);
        _at = _places.Where(place => place.Operation is not null).ToLookup(place => place.Operation!);
    }

    /// <summary>How many numbers the probes of each sample's own have, for one lane and sample.</summary>
    public long OwnNumbers => _places.Where(place => place.Operation is null).Sum(place => (long)place.Draw.Size);

    /// <summary>How many basis vectors add up to the trace.</summary>
    public int LaneCount { get; private set; }

    /// <summary>How many sweeps one draw after another takes.</summary>
    public int PlaceCount => _places.Count;

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
            using Scalar least = double.Epsilon;
            Write(result, 0, place, Weighted(perSample, place.Draw.Weights is { } weights ? weights / weights.sum(1, keepdim: true).clamp(min: least) : null));
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

    private void Add(Operation? operation, OutputDraw draw, int[] columns, int lanes)
    {
        _places.Add(new Place(operation, draw, StreamCount, LaneCount, lanes, columns));
        StreamCount = checked(StreamCount + draw.Size);
        LaneCount = checked(LaneCount + lanes);
    }

    /// <summary>
    /// What several operations take, or one at which nothing can be drawn: an explicit probe V_n for each sample, the same wherever
    /// the parameter is used, so that products of its uses with one another count.
    /// </summary>
    private void AddOwn(Dictionary<IntPtr, int> column)
    {
        var used = _linearization.Graph.Nodes.SelectMany(node => node.Operands).OfType<GraphTensor>().Select(leaf => leaf.Tensor.Handle).ToHashSet();
        var drawn = _places.SelectMany(place => place.Columns).ToHashSet();
        foreach (var block in _linearization.Risk.Blocks.Where(
            block => column.ContainsKey(block.Parameter.Handle) && used.Contains(block.Parameter.Handle) && !drawn.Contains(block.Index)))
        {
            long[] shape = block.Parameter.shape;
            var draw = new OutputDraw(
                [block.Parameter], checked((int)block.Parameter.numel()), null,
                numbers => numbers.transpose(1, 2).reshape([numbers.shape[0] * numbers.shape[2], .. shape]));
            Add(null, draw, [block.Index], draw.Size);
        }
    }

    /// <summary>A draw's numbers for each sample, <c>[P, J, N]</c>.</summary>
    private Tensor Numbers(Place place, ProbeBits bits, long firstProbe, int count) => bits.Draw(
        firstProbe, count, (uint)(_firstStream + place.FirstStream), place.Draw.Size, _linearization.SampleCount, Dtype, Device, _linearization.Risk.FirstSample);

    /// <summary>The numbers with the covariance of all parameters that they serve.</summary>
    private Tensor Scaled(Place place, Tensor numbers) =>
        place.Draw.Weights is { } weights ? numbers.mul_(weights.sum(1).sqrt().to(Dtype)) : numbers;

    /// <summary>The quadratic form of one draw, for each of its parameters, <c>[P, N, parameters]</c> in float64.</summary>
    private Tensor Alone(Place place, Tensor numbers)
    {
        var values = Sweep(
            (int)numbers.shape[0], at => ReferenceEquals(at, place.Operation) ? place.Draw.Tangent(numbers) : null, one => ReferenceEquals(one, place) ? numbers : null);
        return Weighted(values.to(ScalarType.Float64), place.Draw.Weights);
    }

    /// <summary>From <c>[P, N]</c> to <c>[P, N, parameters]</c>.</summary>
    private static Tensor Weighted(Tensor values, Tensor? weights) => weights is null ? values.unsqueeze(-1) : values.unsqueeze(-1) * weights;

    /// <summary>The quadratic form of all draws, <c>[P, N]</c>.</summary>
    private Tensor Swept(int count, Dictionary<Place, Tensor> numbers) => Sweep(
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
        place => numbers[place]);

    private Tensor Sweep(int count, Func<Operation, Tensor?> drawn, Func<Place, Tensor?> numbers)
    {
        var own = new Dictionary<IntPtr, BlockProbes>();
        foreach (var place in _places.Where(place => place.Operation is null))
        {
            if (numbers(place) is { } given) own[place.Draw.Parameters[0].Handle] = new BlockProbes(place.Draw.Tangent(given));
        }

        return _linearization.QuadraticForms(count, drawn, own, _axes, _withLoss);
    }

    private static void Write(Tensor result, long row, Place place, Tensor values)
    {
        for (int i = 0; i < place.Columns.Length; i++)
        {
            if (place.Columns[i] >= 0) result.select(2, place.Columns[i]).narrow(0, row, values.shape[0]).copy_(values.select(2, i));
        }
    }

    /// <summary>What is drawn at one operation for some parameters, or of one parameter wherever it is used.</summary>
    /// <param name="Operation">The operation; null for a probe of the parameter itself.</param>
    /// <param name="Draw">The draw.</param>
    /// <param name="FirstStream">The first of its streams of random numbers.</param>
    /// <param name="FirstLane">The first of its basis vectors.</param>
    /// <param name="Lanes">How many basis vectors it takes.</param>
    /// <param name="Columns">The blocks of its parameters; −1 for one that is not drawn.</param>
    private sealed record Place(Operation? Operation, OutputDraw Draw, int FirstStream, int FirstLane, int Lanes, int[] Columns);
}
