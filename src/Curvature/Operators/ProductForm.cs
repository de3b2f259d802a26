using ActorHutch.Curvature.Graphs;
using ActorHutch.Curvature.Probes;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Operators;

/// <summary>vᵀ(Hv): the product first, then the dot product, block by block.</summary>
internal sealed class ProductForm(
    ICurvatureProduct product, IProbeSource probes, CurvatureMethod method, int largestStack)
    : StackedForm(product.Risk)
{
    /// <inheritdoc/>
    public override CurvatureMethod Method => method;

    /// <inheritdoc/>
    public override long BasisCount => Risk.ParameterCount;

    /// <inheritdoc/>
    protected override int LargestStack => largestStack;

    /// <inheritdoc/>
    protected override IEnumerable<Operation> Operations => (product as LayerRuleProduct)?.Operations ?? [];

    /// <inheritdoc/>
    protected override Tensor EvaluateStack(long firstProbe, int count)
    {
        Tensor?[] vectors = [.. Risk.Blocks.Select(block => probes.Draw(block, firstProbe, count))];
        var products = product.Multiply(vectors);
        return stack(
            vectors.Zip(products, (v, hv) => v is null || hv is null
                ? zeros([count], ScalarType.Float64, Risk.Device)
                : (v * hv).reshape([count, -1]).sum(1).to(ScalarType.Float64)),
            1);
    }

    /// <inheritdoc/>
    public override void Dispose() => product.Dispose();
}
