using ActorHutch.Curvature.Graphs;
using ActorHutch.Curvature.Sweeps;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Operations;

/// <summary>What a convolution is told, an entry a spatial dimension.</summary>
/// <param name="Stride">Steps.</param>
/// <param name="Padding">Zeros at both ends.</param>
/// <param name="Dilation">Distances in the kernel.</param>
/// <param name="Transposed">Whether it is the transposed one.</param>
/// <param name="OutputPadding">What a transposed one adds at the end.</param>
/// <param name="Groups">How many parts of the channels do not mix.</param>
internal sealed record ConvolutionArguments(
    long[] Stride, long[] Padding, long[] Dilation, bool Transposed, long[] OutputPadding, long Groups);

/// <summary>
/// <c>convolution</c> in one to three dimensions, also transposed, y = W ∗ a + b: tangent V ∗ a + W ∗ ȧ + v_b,
/// second-order term 2 ⟨λ, V ∗ ȧ⟩. Operands a <c>[N, C, …]</c>, W and, where there is one, b <c>[out]</c>.
/// </summary>
/// <remarks>
/// V ∗ a is one convolution with P times the output channels, W ∗ ȧ one with P times the batch, and V ∗ ȧ a grouped
/// one, a group a lane.
/// </remarks>
internal sealed class ConvolutionOperation(ConvolutionArguments arguments) : Operation
{
    private const int Input = 0, Weight = 1, Bias = 2;

    private Tensor? _input;
    private Tensor? _weight;
    private SharedTensor? _adjoint;

    /// <inheritdoc/>
    protected internal override Tensor Value(IReadOnlyList<Tensor> operands) =>
        Convolve(operands[Input], operands[Weight], operands.Count > Bias ? operands[Bias] : null, arguments.Groups);

    /// <inheritdoc/>
    protected override void Remember(IReadOnlyList<Tensor> operands, Tensor result)
    {
        if (operands[Input].dim() != arguments.Stride.Length + 2) throw Unserved("takes the first dimension for channels, not for samples");
        (_input, _weight) = (Keep(operands[Input].detach()), Keep(operands[Weight].detach()));
    }

    /// <inheritdoc/>
    protected internal override void Prepare() => _adjoint = Adjoint is null ? null : Share(Adjoint);

    /// <inheritdoc/>
    public override Tensor? Tangent(Tangents operands, Sweep sweep)
    {
        long samples = Shape[0], lanes = sweep.LaneCount, groups = arguments.Groups;
        long[] shape = [samples, lanes, .. Shape[1..]], image = OperandShapes[Input][1..];
        var weights = operands[Weight];
        Tensor? tangent = null;
        if (weights is not null)
        {
            // With groups, lanes cannot be stacked as output channels: each lane gets its own copy of the input.
            tangent = (groups == 1
                ? Convolve(_input!, Stacked(weights), null, 1)
                : Convolve(
                    _input!.unsqueeze(1).expand([samples, lanes, .. image]).reshape([samples, -1, .. image[1..]]),
                    Grouped(weights), null, lanes * groups)).reshape(shape);
        }

        if (operands[Input] is { } given)
        {
            var inner = Lanes.In(LaneLayout.SamplesFirst, given);
            var passed = Convolve(inner.reshape([samples * lanes, .. image]), _weight!, null, groups).reshape(shape);
            tangent = tangent is null ? passed : passed.PlusInPlace(tangent);
            if (weights is not null && sweep.SecondOrder && _adjoint is not null)
            {
                var bent = Convolve(inner.reshape([samples, -1, .. image[1..]]), Grouped(weights), null, lanes * groups);
                sweep.AddProduct(Logical(bent.reshape(shape)), _adjoint, factor: 2);
            }
        }

        if (operands.Count > Bias && operands[Bias] is { } bias)
        {
            var added = bias.view([1, lanes, Shape[1], .. Shape[2..].Select(_ => 1L)]);
            tangent = tangent is null ? added.expand(shape).contiguous() : tangent.Plus(added);
        }

        return tangent is null ? null : Logical(tangent);
    }

    /// <inheritdoc/>
    protected internal override Tensor? Pullback(int operand, Tensor adjoints) => operand == Input
        ? Lanes.Merged(adjoints, merged => Transposed(merged))
        : base.Pullback(operand, adjoints);

    /// <inheritdoc/>
    internal override SampleGradients? Gradients(int operand, Tensor adjoints, SampleAxis axis)
    {
        if (operand == Input || axis.Dimension != 0) return null;
        if (operand == Bias) return new ExplicitGradients(axis.Front(adjoints, 1).flatten(4).sum([2, 4]));
        long groups = arguments.Groups;
        long[] weight = OperandShapes[Weight];
        if (!arguments.Transposed)
        {
            return new PositionGradients(
                OfLanes(adjoints, groups), OfSamples(Patches(_input!, weight[2..], groups)), isTransposed: false, weight);
        }

        // A transposed one is a convolution from its result to its input: what it sees of the result's adjoints meets each number of the input.
        long[] places = [.. Shape[2..].Select((size, d) =>
            (size + 2 * arguments.Padding[d] - arguments.Dilation[d] * (weight[2 + d] - 1) - 1) / arguments.Stride[d] + 1)];
        var seen = Lanes.Merged(adjoints, images => Patches(images, weight[2..], groups));
        seen = Reached(seen.reshape([.. seen.shape[..4], .. places]), 4).flatten(2, 3);
        return new PositionGradients(
            OfLanes(seen, groups), OfSamples(_input!.reshape([Shape[0], groups, weight[0] / groups, -1])), isTransposed: true, weight);

        // From [P, k·N, C, …] to [N, P, groups, C/groups, k·T], and from [k·N, groups, K, T] to [N, groups, K, k·T].
        Tensor OfLanes(Tensor value, long parts)
        {
            var bySample = axis.Front(value, 1).flatten(4).unflatten(3, parts, value.shape[2] / parts);
            return bySample.permute(1, 0, 3, 4, 2, 5).flatten(4);
        }

        Tensor OfSamples(Tensor value) => axis.Front(value, 0).permute(0, 2, 3, 1, 4).flatten(3);
    }

    /// <inheritdoc/>
    internal override bool IsPiecewiseLinear(IReadOnlyList<IReadOnlySet<IntPtr>> parameters) => AreDisjoint(parameters);

    /// <inheritdoc/>
    internal override IEnumerable<OutputDraw> OutputDraws(IReadOnlyList<Tensor?> parameters, SampleAxis axis) =>
        arguments.Transposed || arguments.Stride.Length > 2 ? [] : SharedWeightDraws.Of(
            parameters[Weight], parameters.Count > Bias ? parameters[Bias] : null, (int)Shape[1], () => Patches(_input!, OperandShapes[Weight][2..], arguments.Groups),
            arguments.Groups, OperandShapes[Weight][1..].Aggregate((a, b) => a * b), Shape[2..].Aggregate((a, b) => a * b),
            tangent => Logical(tangent.permute(2, 0, 1, 3).reshape([Shape[0], tangent.shape[0], .. Shape[1..]])), axis.Samples, Keep);

    private Tensor Logical(Tensor tangent) => Lanes.From(LaneLayout.SamplesFirst, tangent, Shape);

    /// <summary>The lanes' weights as those of one convolution with P times the output channels.</summary>
    private Tensor Stacked(Tensor weights) => arguments.Transposed
        ? weights.transpose(0, 1).reshape([_weight!.shape[0], -1, .. _weight.shape[2..]])
        : Grouped(weights);

    /// <summary>The lanes' weights as those of one convolution with P times the groups.</summary>
    private Tensor Grouped(Tensor weights) => weights.reshape([-1, .. _weight!.shape[1..]]);

    /// <summary>What the kernel sees at each of T positions: <c>[N, groups, K, T]</c>.</summary>
    /// <param name="images"><c>[N, C, …]</c>.</param>
    /// <param name="kernel">Its size in each spatial dimension.</param>
    /// <param name="groups">How many parts of the channels do not mix.</param>
    private Tensor Patches(Tensor images, long[] kernel, long groups)
    {
        if (kernel.Length == 3) return Patches3d(images, kernel, groups);
        bool flat = kernel.Length == 1;
        (long, long) Pair(long[] values, long missing) => flat ? (missing, values[0]) : (values[0], values[1]);
        var columns = nn.functional.unfold(
            flat ? images.unsqueeze(2) : images,
            Pair(kernel, 1), Pair(arguments.Dilation, 1), Pair(arguments.Padding, 0), Pair(arguments.Stride, 1));
        return columns.view(images.shape[0], groups, -1, columns.shape[2]);
    }

    /// <summary>The same in three dimensions, which libtorch does not unfold at once.</summary>
    private Tensor Patches3d(Tensor images, long[] kernel, long groups)
    {
        var (stride, padding, dilation, _, _, _) = arguments;
        var seen = nn.functional.pad(images, [.. padding.Reverse().SelectMany(p => (long[])[p, p])]);
        for (int d = 0; d < kernel.Length; d++)
            seen = seen.unfold(d + 2, dilation[d] * (kernel[d] - 1) + 1, stride[d]).slice(-1, 0, long.MaxValue, dilation[d]);
        // [N, C, T…, k…]
        return seen.permute(0, 1, 5, 6, 7, 2, 3, 4).reshape([images.shape[0], groups, images.shape[1] / groups * kernel.Aggregate((a, b) => a * b), -1]);
    }

    /// <summary>The transpose of the convolution in its input: from <c>[M, *result]</c> to <c>[M, *input]</c>.</summary>
    private Tensor Transposed(Tensor adjoints)
    {
        var (stride, padding, dilation, transposed, _, groups) = arguments;
        long[] image = OperandShapes[Input][2..], kernel = _weight!.shape[2..];
        if (transposed) return Reached(Convolve(adjoints, _weight, null, groups, transposed: false, []), 2);

        // How much of the image no kernel reached.
        long[] rest = [.. image.Select((size, d) => (size + 2 * padding[d] - dilation[d] * (kernel[d] - 1) - 1) % stride[d])];
        return Convolve(adjoints, _weight, null, groups, transposed: true, rest);
    }

    /// <summary>Of places seen in the result of a transposed convolution, those that a number of its input has: the result may be longer.</summary>
    /// <param name="places"><c>[…, *places]</c>.</param>
    /// <param name="leading">How many dimensions are before.</param>
    private Tensor Reached(Tensor places, int leading)
    {
        for (int d = 0; d < arguments.Stride.Length; d++) places = places.narrow(leading + d, 0, OperandShapes[Input][2 + d]);
        return places;
    }

    private Tensor Convolve(Tensor input, Tensor weight, Tensor? bias, long groups) =>
        Convolve(input, weight, bias, groups, arguments.Transposed, arguments.OutputPadding);

    private Tensor Convolve(Tensor input, Tensor weight, Tensor? bias, long groups, bool transposed, long[] more)
    {
        var (stride, padding, dilation, _, _, _) = arguments;
        return (stride.Length, transposed) switch
        {
            (1, false) => nn.functional.conv1d(input, weight, bias, stride[0], padding[0], dilation[0], groups),
            (2, false) => nn.functional.conv2d(input, weight, bias, stride, padding, dilation, groups),
            (3, false) => nn.functional.conv3d(input, weight, bias, stride, padding, dilation, groups),
            (1, true) => nn.functional.conv_transpose1d(input, weight, bias, stride[0], padding[0], more[0], dilation[0], groups),
            (2, true) => nn.functional.conv_transpose2d(input, weight, bias, stride, padding, more, dilation, groups),
            (3, true) => nn.functional.conv_transpose3d(input, weight, bias, stride, padding, more, dilation, groups),
            var (dimensions, _) => throw new CurvatureException($"{Name} is a convolution in {dimensions} dimensions; there are 1 to 3."),
        };
    }
}
