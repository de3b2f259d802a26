using TorchSharp;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Modules;

/// <summary>
/// Convolution in one or two dimensions of an input that is padded with its own numbers. For <c>"same"</c> TorchSharp 0.107
/// pads the axes in the wrong order.
/// </summary>
internal sealed class PaddedConvolution : StandIn
{
    private readonly long[] _stride;
    private readonly long[] _dilation;
    private readonly long[] _padding;
    private readonly long _groups;

    /// <summary>Takes its parameters from a convolution without padding, and disposes of that.</summary>
    /// <param name="plain">The convolution.</param>
    /// <param name="mode">What to pad with.</param>
    /// <param name="padding">How much at each end of each axis; null for as much as leaves the size the same.</param>
    public PaddedConvolution(TorchSharp.Modules.Convolution plain, PaddingModes mode, long[]? padding) : base(plain.GetType().Name)
    {
        (Mode, _stride, _dilation, _groups) = (mode, plain.stride, plain.dilation, plain.groups);
        // libtorch wants both ends of the last axis first. Where they cannot be the same, the far end has one more.
        _padding = [.. Enumerable.Range(0, plain.kernel_size.Length).Reverse().SelectMany(axis =>
        {
            long total = plain.dilation[axis] * (plain.kernel_size[axis] - 1);
            return padding is null ? (long[])[total / 2, total - total / 2] : [padding[axis], padding[axis]];
        })];
        register_parameter("weight", nn.Parameter(plain.weight.detach()));
        if (plain.bias is not null) register_parameter("bias", nn.Parameter(plain.bias.detach()));
        plain.Dispose();
    }

    /// <summary>What it pads with.</summary>
    public PaddingModes Mode { get; }

    /// <inheritdoc/>
    public override Tensor forward(Tensor input)
    {
        using var padded = nn.functional.pad(input, _padding, Mode);
        var weight = get_parameter("weight")!;
        var bias = has_parameter("bias") ? get_parameter("bias") : null;
        return _stride.Length == 1
            ? nn.functional.conv1d(padded, weight, bias, _stride[0], 0, _dilation[0], _groups)
            : nn.functional.conv2d(padded, weight, bias, _stride, [0, 0], _dilation, _groups);
    }
}
