using ActorHutch.Curvature.Graphs;
using ActorHutch.Curvature.Sweeps;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Operators;

/// <summary>
/// Gradients by sample at an operation that does not tell them: it is made anew for one sample, and differentiated by libtorch.
/// </summary>
/// <param name="node">The operation's node.</param>
/// <param name="operands">Its operands' values, for all samples.</param>
/// <param name="flow">Which of them have samples.</param>
/// <param name="samples">N.</param>
internal sealed class SampleBySample(GraphNode node, IReadOnlyList<Tensor> operands, SampleFlow flow, long samples)
{
    /// <summary>The gradients by one operand that all samples share.</summary>
    /// <param name="operand">Which.</param>
    /// <param name="adjoints">The result's, <c>[P, k·N, …]</c>.</param>
    /// <returns><c>[P, N, *shape]</c>.</returns>
    public Tensor Gradients(int operand, Tensor adjoints)
    {
        long lanes = adjoints.shape[0];
        var bySample = new SampleAxis(samples).Front(adjoints, 1);
        using var first = OfSample(0, operand);
        if (first.IsLinear)
        {
            // Whatever the values are: all samples are lanes of the first.
            var all = first.Pullback(operand, bySample.reshape([lanes * samples, .. bySample.shape[2..]]));
            return all is null ? None(lanes, samples, operand) : all.reshape([lanes, samples, .. operands[operand].shape]);
        }

        var gradients = new Tensor[samples];
        for (long n = 0; n < samples; n++)
        {
            using var scope = NewDisposeScope();
            using var own = n == 0 ? null : OfSample(n, operand);
            var pulled = (own ?? first).Pullback(operand, bySample.select(1, n));
            gradients[n] = (pulled ?? None(lanes, 1, operand).select(1, 0)).MoveToOuterDisposeScope();
        }

        return stack(gradients, 1);
    }

    private Tensor None(long lanes, long count, int operand) =>
        zeros([lanes, count, .. operands[operand].shape], operands[operand].dtype, operands[operand].device);

    /// <summary>The operation on one sample alone.</summary>
    private Operation OfSample(long sample, int operand)
    {
        var operation = node.Operation(1);
        using var grad = enable_grad();
        operation.Run([.. operands.Select((value, i) =>
        {
            long rows = flow.HasSamples(node.Operands[i]) ? value.shape[0] / samples : 0;
            var own = (rows > 0 ? value.narrow(0, sample * rows, rows) : value).detach();
            return i == operand ? own.requires_grad_() : own;
        })]);
        using var noGrad = no_grad();
        operation.Prepare();
        return operation;
    }
}
