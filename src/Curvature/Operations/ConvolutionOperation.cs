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
    internal override IEnumerable<OutputDraw> OutputDraws(IReadOnlyList<Tensor?> parameters) =>
        arguments.Transposed || arguments.Stride.Length > 2 ? [] : SharedWeightDraws.Of(
            parameters[Weight], parameters.Count > Bias ? parameters[Bias] : null, (int)Shape[1], Patches,
            LaneLayout.SamplesFirst, Shape, Keep);

    private Tensor Logical(Tensor tangent) => Lanes.From(LaneLayout.SamplesFirst, tangent, Shape);

    /// <summary>The lanes' weights as those of one convolution with P times the output channels.</summary>
    private Tensor Stacked(Tensor weights) => arguments.Transposed
        ? weights.transpose(0, 1).reshape([_weight!.shape[0], -1, .. _weight.shape[2..]])
        : Grouped(weights);

    /// <summary>The lanes' weights as those of one convolution with P times the groups.</summary>
    private Tensor Grouped(Tensor weights) => weights.reshape([-1, .. _weight!.shape[1..]]);

    /// <summary>What the kernel sees at each of T positions: <c>[N, groups, K, T]</c>.</summary>
    private Tensor Patches()
    {
        bool flat = arguments.Stride.Length == 1;
        (long, long) Pair(long[] values, long missing) => flat ? (missing, values[0]) : (values[0], values[1]);
        var image = flat ? _input!.unsqueeze(2) : _input!;
        var columns = nn.functional.unfold(
            image, Pair(_weight!.shape[2..], 1), Pair(arguments.Dilation, 1), Pair(arguments.Padding, 0), Pair(arguments.Stride, 1));
        return columns.view(Shape[0], arguments.Groups, -1, columns.shape[2]);
    }

    private Tensor Convolve(Tensor input, Tensor weight, Tensor? bias, long groups)
    {
        var (stride, padding, dilation, _, more, _) = arguments;
        return (stride.Length, arguments.Transposed) switch
        {
            (1, false) => nn.functional.conv1d(input, weight, bias, stride[0], padding[0], dilation[0], groups),
            (2, false) => nn.functional.conv2d(input, weight, bias, stride, padding, dilation, groups),
            (3, false) => nn.functional.conv3d(input, weight, bias, stride, padding, dilation, groups),
            (1, true) => nn.functional.conv_transpose1d(input, weight, bias, stride[0], padding[0], more[0], groups, dilation[0]),
            (2, true) => nn.functional.conv_transpose2d(input, weight, bias, stride, padding, more, dilation, groups),
            (3, true) => nn.functional.conv_transpose3d(input, weight, bias, stride, padding, more, dilation, groups),
            var (dimensions, _) => throw new CurvatureException($"{Name} is a convolution in {dimensions} dimensions; there are 1 to 3."),
        };
    }
}
