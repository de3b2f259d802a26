using ActorHutch.Curvature.Graphs;
using ActorHutch.Curvature.Probes;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Operators;

/// <summary>Hv for a stack of probes, and what is told of it: the dot product with the probes, block by block, or one value a parameter.</summary>
internal sealed class ProductForm(
    ICurvatureProduct product, IProbeSource probes, CurvatureMethod method, int largestStack, CurvatureOptions options)
    : StackedForm(product.Risk)
{
    /// <inheritdoc/>
    public override CurvatureMethod Method => method;

    /// <inheritdoc/>
    public override long BasisCount => Risk.ParameterCount;

    /// <inheritdoc/>
    public override IReadOnlyList<long[]> Shapes { get; } = ParameterEntries.Shapes(product.Risk, options.Result);

    /// <inheritdoc/>
    public override long KeptBytes => base.KeptBytes + ((product as AutodiffProduct)?.KeptBytes ?? 0);

    /// <inheritdoc/>
    protected override int LargestStack => largestStack;

    /// <inheritdoc/>
    protected override IEnumerable<Operation> Operations => (product as LayerRuleProduct)?.Operations ?? [];

    /// <inheritdoc/>
    protected override Tensor EvaluateStack(long firstProbe, int count)
    {
        IReadOnlyList<Tensor?> vectors = (IReadOnlyList<Tensor?>?)options.Vectors?.Draw(Risk.Blocks, firstProbe, count) ?? [.. Risk.Blocks.Select(block => probes.Draw(block, firstProbe, count))];
        var products = product.Multiply(vectors);
        return options.Result == ProbeResult.QuadraticForm
            ? stack(
                vectors.Zip(products, (v, hv) => v is null || hv is null
                    ? zeros([count], ScalarType.Float64, Risk.Device)
                    : v.mul(hv).reshape([count, -1]).sum(1).to(ScalarType.Float64)),
                1)
            : ParameterEntries.Of(
                [.. vectors.Zip(products, (v, hv) => (hv, v)).Zip(Risk.Blocks, (pair, block) => pair.hv is null || pair.v is null
                    ? zeros([count, .. block.Shape], Risk.Dtype, Risk.Device)
                    : options.Result == ProbeResult.Product ? pair.hv : pair.v.mul(pair.hv))],
                withSums: options.Result == ProbeResult.Diagonal);
    }

    /// <inheritdoc/>
    public override void Dispose() => product.Dispose();
}
