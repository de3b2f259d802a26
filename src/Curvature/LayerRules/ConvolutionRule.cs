using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.LayerRules;

/// <summary>
/// Convolution in one or two dimensions, y = W ∗ a + b: tangent V ∗ a + W ∗ ȧ + v_b, second-order term 2 ⟨λ, V ∗ ȧ⟩.
/// </summary>
/// <remarks>
/// V ∗ a is one convolution with P times the output channels, W ∗ ȧ one with P times the batch, and V ∗ ȧ a grouped
/// one, a group a lane.
/// </remarks>
internal sealed class ConvolutionRule(Convolution module) : LayerRule
{
    private Tensor? _input;
    private Tensor? _adjoint;
    private Tensor? _weight;
    private long[] _padding = [];

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor input)
    {
        if (module.transposed || module.padding_mode != PaddingModes.Zeros)
            throw Unserved(module.transposed ? "is transposed" : $"is padded with mode {module.padding_mode}");
        if (input.dim() != module.kernel_size.Length + 2) throw Unserved("takes the first dimension for channels, not for samples");

        _padding = Padding();
        _input = Keep(input.detach());
        return module.call(input);
    }

    /// <inheritdoc/>
    protected internal override void Prepare()
    {
        _adjoint = OutputAdjoint is null ? null : Keep(Lanes.Shared(OutputAdjoint, LaneLayout.SamplesFirst));
        _weight = Keep(module.weight!.detach());
    }

    /// <inheritdoc/>
    public override Lanes? Tangent(Lanes? input, Sweep sweep)
    {
        if (sweep.DrawnAt(this) is { } drawn) return drawn;

        long samples = InputShape[0], lanes = sweep.LaneCount, groups = module.groups;
        long[] shape = [samples, lanes, .. OutputShape[1..]];
        var weight = sweep.Probe(module.weight)?.reshape([lanes * OutputShape[1], .. _weight!.shape[1..]]);
        Tensor? tangent = null;
        if (weight is not null)
        {
            // With groups, lanes cannot be stacked as output channels: each lane gets its own copy of the input.
            tangent = (groups == 1
                ? Convolve(_input!, weight, 1)
                : Convolve(Stacked(_input!.unsqueeze(1).expand([samples, lanes, .. InputShape[1..]])), weight, lanes * groups))
                .reshape(shape);
        }

        if (input?.To(LaneLayout.SamplesFirst, InputShape).Data is { } inner)
        {
            var passed = Convolve(inner.reshape([samples * lanes, .. InputShape[1..]]), _weight!, groups).reshape(shape);
            tangent = tangent is null ? passed : passed.PlusInPlace(tangent);
            if (weight is not null && sweep.SecondOrder && _adjoint is not null)
            {
                var bent = Convolve(Stacked(inner), weight, lanes * groups).reshape(shape);
                sweep.AddProduct(new Lanes(bent, LaneLayout.SamplesFirst), _adjoint, factor: 2);
            }
        }

        if (sweep.Probe(module.bias) is { } bias)
        {
            var added = bias.view([1, lanes, OutputShape[1], .. OutputShape[2..].Select(_ => 1L)]);
            tangent = tangent is null ? added.expand(shape).contiguous() : tangent.Plus(added);
        }

        return tangent is null ? null : new Lanes(tangent, LaneLayout.SamplesFirst);
    }

    /// <inheritdoc/>
    internal override IEnumerable<OutputDraw> OutputDraws => SharedWeightDraws.Of(
        module.weight!, module.bias, Patches, LaneLayout.SamplesFirst, OutputShape, Keep);

    /// <summary>What the kernel sees at each of T positions: <c>[N, groups, K, T]</c>.</summary>
    private Tensor Patches()
    {
        bool flat = module.kernel_size.Length == 1;
        (long, long) Pair(long[] values, long missing) => flat ? (missing, values[0]) : (values[0], values[1]);
        var image = flat ? _input!.unsqueeze(2) : _input!;
        var columns = nn.functional.unfold(
            image, Pair(module.kernel_size, 1), Pair(module.dilation, 1), Pair(_padding, 0), Pair(module.stride, 1));
        return columns.view(InputShape[0], module.groups, -1, columns.shape[2]);
    }

    /// <summary>From <c>[N, P, C, …]</c> to <c>[N, P·C, …]</c>.</summary>
    private Tensor Stacked(Tensor lanes) => lanes.reshape([InputShape[0], -1, .. InputShape[2..]]);

    private Tensor Convolve(Tensor input, Tensor weight, long groups) => module.kernel_size.Length == 1
        ? nn.functional.conv1d(input, weight, null, module.stride[0], _padding[0], module.dilation[0], groups)
        : nn.functional.conv2d(input, weight, null, module.stride, _padding, module.dilation, groups);

    private long[] Padding()
    {
        if (module.padding_type is null or TorchSharp.Padding.Valid) return module.padding ?? new long[module.kernel_size.Length];

        long[] total = [.. module.kernel_size.Select((size, d) => module.dilation[d] * (size - 1))];
        return total.All(t => t % 2 == 0)
            ? [.. total.Select(t => t / 2)]
            : throw Unserved("is padded with 'same' and an even kernel, on one side more than on the other");
    }
}
