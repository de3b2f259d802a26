using System.Runtime.InteropServices;
using ActorHutch.Curvature.Sweeps;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Operations;

/// <summary>
/// What curvature needs to know of one operation of a model, at one batch: its value, how tangents pass through it, and
/// its second derivative. One instance serves one node of one graph at one batch.
/// </summary>
/// <remarks>
/// First come <see cref="Value"/> and <see cref="Remember"/>, once; then <see cref="Adjoint"/> is set and <see cref="Prepare"/> called, once; then
/// <see cref="Tangent"/>, once a stack of probes. Tensors of the first two live until the operation is disposed of, those
/// of the third until the stack is done.
/// </remarks>
public abstract class Operation : TensorOwner
{
    private readonly List<SharedTensor> _shared = [];

    /// <summary>What messages call it, such as «Layer 0 (Conv2d)».</summary>
    public string Name { get; internal set; } = "";

    /// <summary>
    /// λ = ∂L/∂(result), in the result's shape; null where the loss does not depend on it, or nobody asked.
    /// </summary>
    protected internal Tensor? Adjoint { get; internal set; }

    /// <summary>Shapes of the operands.</summary>
    protected IReadOnlyList<long[]> OperandShapes { get; private set; } = [];

    /// <summary>Shape of the result.</summary>
    protected internal long[] Shape { get; private set; } = [];

    /// <summary>Numbers in one lane of the result; 0 where it never has a tangent, since no parameter comes before it.</summary>
    internal long LaneSize { get; private set; }

    /// <summary>Whether D²f may differ from zero, so that <see cref="Adjoint"/> is needed.</summary>
    protected internal virtual bool IsCurved => true;

    /// <summary>Whether libtorch differentiates this operation because there is no rule for it here.</summary>
    public virtual bool IsByLibTorch => false;

    /// <summary>What can be drawn at this operation in output space; nothing where no parameter is an operand.</summary>
    internal virtual IEnumerable<OutputDraw> OutputDraws(IReadOnlyList<Tensor?> parameters) => [];

    /// <summary>Computes the operation and remembers what <see cref="Prepare"/> and <see cref="Tangent"/> need.</summary>
    internal Tensor Run(IReadOnlyList<Tensor> operands)
    {
        OperandShapes = [.. operands.Select(operand => operand.shape)];
        var result = Compute(operands);
        Shape = result.shape;
        LaneSize = result.requires_grad ? result.numel() : 0;
        if (LaneSize > 0) Remember(operands, result);
        return result;
    }

    /// <summary>The operation itself. What it cannot do is said with its name and its operands' shapes.</summary>
    /// <exception cref="ArgumentException">These operands are not for it.</exception>
    internal Tensor Compute(IReadOnlyList<Tensor> operands)
    {
        try
        {
            return Value(operands);
        }
        catch (Exception error) when (error is ExternalException or ArgumentException or ArithmeticException or IndexOutOfRangeException)
        {
            string shapes = string.Join(", ", operands.Select(operand => $"[{string.Join(", ", operand.shape)}]"));
            throw new ArgumentException($"{Name} of {shapes}: {LibTorchMessage.Cause(error.Message)}", error);
        }
    }

    /// <summary>The operation itself, recorded for differentiation.</summary>
    /// <param name="operands">Not to be written to.</param>
    protected internal abstract Tensor Value(IReadOnlyList<Tensor> operands);

    /// <summary>Keeps what <see cref="Prepare"/> needs; called where the result can have a tangent.</summary>
    /// <param name="operands">The operands.</param>
    /// <param name="result">What <see cref="Value"/> made of them.</param>
    protected virtual void Remember(IReadOnlyList<Tensor> operands, Tensor result)
    {
    }

    /// <summary>Computes, once a batch, whatever every stack of probes needs. Called without recording.</summary>
    protected internal virtual void Prepare()
    {
    }

    /// <summary>
    /// The result's tangents from those of the operands, and the second-order term to the sweep's sum.
    /// </summary>
    /// <param name="operands">The operands' tangents, at least one of which is not zero.</param>
    /// <param name="sweep">The sum to add to.</param>
    /// <returns><c>[P, *shape]</c>, in any order of dimensions; null for zero.</returns>
    public abstract Tensor? Tangent(Tangents operands, Sweep sweep);

    /// <summary>That the operation is not served on these operands; another method may be.</summary>
    /// <param name="why">Behind the operation's name.</param>
    protected NoLayerRuleException Unserved(string why) => new($"{Name} {why}.");

    /// <summary>Keeps what all lanes share as long as this operation lives.</summary>
    protected SharedTensor Share(Tensor value)
    {
        var shared = new SharedTensor(value);
        _shared.Add(shared);
        return shared;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        foreach (var shared in _shared) shared.Dispose();
        _shared.Clear();
        base.Dispose(disposing);
    }
}
