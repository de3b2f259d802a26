using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.LayerRules;

/// <summary>A layer without parameters that is linear in its input, such as average pooling: the tangent is the layer's own.</summary>
internal sealed class LinearMapRule(nn.Module<Tensor, Tensor> module) : LayerRule
{
    /// <inheritdoc/>
    protected override Tensor Forward(Tensor input) => module.call(input);

    /// <inheritdoc/>
    public override Lanes? Tangent(Lanes? input, Sweep sweep)
    {
        if (input?.To(LaneLayout.SamplesFirst, InputShape).Data is not { } inner) return null;
        var mapped = module.call(inner.reshape([-1, .. InputShape[1..]]));
        return new Lanes(mapped.reshape([InputShape[0], sweep.LaneCount, .. OutputShape[1..]]), LaneLayout.SamplesFirst);
    }
}

/// <summary>
/// Max pooling: the tangent at the place where the maximum was found. Its second derivative is zero almost everywhere.
/// </summary>
/// <param name="module">The layer.</param>
/// <param name="dimensions">How many of the last dimensions it pools over; PyTorch's indices run over them together.</param>
/// <param name="pool">The layer, with the indices of the maxima.</param>
internal sealed class MaxPoolRule(
    nn.Module<Tensor, Tensor> module, int dimensions, Func<Tensor, (Tensor Values, Tensor Indices)> pool) : LayerRule
{
    private Tensor? _indices;

    /// <summary>The rule of a two-dimensional pooling.</summary>
    public static MaxPoolRule Of(MaxPool2d pool) => new(pool, 2, input => nn.functional.max_pool2d_with_indices(
        input, pool.kernel_size, pool.stride, pool.padding, pool.dilation, pool.ceil_mode));

    /// <summary>The rule of a one-dimensional pooling.</summary>
    public static MaxPoolRule Of(MaxPool1d pool) => new(pool, 1, input => nn.functional.max_pool1d_with_indices(
        input, pool.kernel_size, pool.stride, pool.padding, pool.dilation, pool.ceil_mode));

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor input)
    {
        _indices = Keep(pool(input.detach()).Indices.flatten(-dimensions).unsqueeze(1));
        return module.call(input);
    }

    /// <inheritdoc/>
    public override Lanes? Tangent(Lanes? input, Sweep sweep)
    {
        if (input?.To(LaneLayout.SamplesFirst, InputShape).Data is not { } inner) return null;
        long samples = InputShape[0], lanes = sweep.LaneCount;
        var found = inner.flatten(-dimensions).gather(-1, _indices!.expand([samples, lanes, .. _indices!.shape[2..]]));
        return new Lanes(found.reshape([samples, lanes, .. OutputShape[1..]]), LaneLayout.SamplesFirst);
    }
}
