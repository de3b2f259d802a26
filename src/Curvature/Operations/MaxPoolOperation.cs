using ActorHutch.Curvature.Graphs;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Operations;

/// <summary>
/// Max pooling and other choices of one number among several: the tangent is that of the number chosen. The second
/// derivative is zero almost everywhere.
/// </summary>
/// <param name="function">From a value <c>[N, C, …]</c> to the pooled one and the places of its numbers.</param>
/// <param name="dimensions">How many dimensions at the end are pooled over; places count through all of them.</param>
internal sealed class MaxPoolOperation(Func<Tensor, (Tensor Values, Tensor Places)> function, int dimensions) : Operation
{
    private Tensor? _places;

    /// <inheritdoc/>
    protected internal override bool IsCurved => false;

    /// <inheritdoc/>
    protected internal override Tensor Value(IReadOnlyList<Tensor> operands) => function(operands[0]).Values;

    /// <inheritdoc/>
    protected override void Remember(IReadOnlyList<Tensor> operands, Tensor result) =>
        _places = Keep(function(operands[0].detach()).Places.flatten(-dimensions, -1));

    /// <inheritdoc/>
    public override Tensor? Tangent(Tangents operands, Sweep sweep)
    {
        var lanes = operands[0]!;
        bool samplesFirst = !lanes.is_contiguous();
        var source = (samplesFirst ? lanes.transpose(0, 1).contiguous() : lanes).flatten(-dimensions, -1);
        var places = _places!.unsqueeze(samplesFirst ? 1 : 0).expand([.. source.shape[..^1], -1]);
        var found = source.gather(-1, places);
        found = found.reshape([source.shape[0], source.shape[1], .. Shape[1..]]);
        return samplesFirst ? found.transpose(0, 1) : found;
    }

    /// <inheritdoc/>
    protected internal override Tensor? Pullback(int operand, Tensor adjoints)
    {
        bool samplesFirst = !adjoints.is_contiguous();
        var source = (samplesFirst ? adjoints.transpose(0, 1).contiguous() : adjoints).flatten(-dimensions, -1);
        var places = _places!.unsqueeze(samplesFirst ? 1 : 0).expand_as(source);
        long[] image = OperandShapes[0][1..];
        // Windows may overlap, so that one number is chosen twice.
        var result = zeros([.. source.shape[..^1], image[^dimensions..].Aggregate((a, b) => a * b)], source.dtype, source.device)
            .scatter_add_(-1, places, source).view([source.shape[0], source.shape[1], .. image]);
        return samplesFirst ? result.transpose(0, 1) : result;
    }
}
