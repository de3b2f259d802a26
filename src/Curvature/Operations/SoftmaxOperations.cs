using ActorHutch.Curvature.Graphs;
using ActorHutch.Curvature.Sweeps;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Operations;

/// <summary><c>softmax</c>, <c>log_softmax</c> along one dimension.</summary>
/// <remarks>
/// With s the softmax and c = ȧ − Σ s ȧ: of the softmax, ẏ = s ∘ c and D²f = s ∘ (c² − Σ s c²); of its logarithm, ẏ = c and
/// D²f = −Σ s c² at each place. Both second-order terms are a weighted sum of c².
/// </remarks>
/// <param name="dimension">Along which.</param>
/// <param name="isLogarithm">Whether the logarithm is the result.</param>
internal sealed class SoftmaxOperation(long dimension, bool isLogarithm) : Operation
{
    private SharedTensor? _softmax;
    private SharedTensor? _curvature;

    /// <inheritdoc/>
    protected internal override Tensor Value(IReadOnlyList<Tensor> operands) =>
        isLogarithm ? operands[0].log_softmax(dimension) : operands[0].softmax(dimension);

    /// <inheritdoc/>
    protected override void Remember(IReadOnlyList<Tensor> operands, Tensor result) =>
        _softmax = Share(operands[0].detach().softmax(dimension));

    /// <inheritdoc/>
    protected internal override void Prepare()
    {
        if (Adjoint is null) return;
        var softmax = _softmax!.Value;
        _curvature = Share(isLogarithm
            ? softmax * Adjoint.sum(dimension, keepdim: true).neg()
            : softmax * (Adjoint - (Adjoint * softmax).sum(dimension, keepdim: true)));
    }

    /// <inheritdoc/>
    public override Tensor? Tangent(Tangents operands, Sweep sweep)
    {
        var lanes = operands[0]!;
        var softmax = _softmax!.For(lanes);
        long along = dimension < 0 ? dimension : dimension + 1;
        var centred = lanes - (lanes * softmax).sum(along, keepdim: true);
        if (sweep.SecondOrder && _curvature is not null) sweep.AddSquares(centred, _curvature);
        return isLogarithm ? centred : centred * softmax;
    }

    /// <inheritdoc/>
    protected internal override Tensor? Pullback(int operand, Tensor adjoints)
    {
        var softmax = _softmax!.For(adjoints);
        long along = dimension < 0 ? dimension : dimension + 1;
        return isLogarithm
            ? adjoints - softmax * adjoints.sum(along, keepdim: true)
            : (adjoints - (adjoints * softmax).sum(along, keepdim: true)) * softmax;
    }
}
