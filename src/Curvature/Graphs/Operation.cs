using System.Runtime.InteropServices;
using ActorHutch.Curvature.Native;
using ActorHutch.Curvature.Sweeps;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Graphs;

/// <summary>
/// What curvature needs to know of one operation of a model, at one batch: its value, how tangents pass through it, and
/// its second derivative. One instance serves one node of one graph at one batch.
/// </summary>
/// <remarks>
/// First come <see cref="Value"/> and <see cref="Remember"/>, once; then <see cref="Adjoint"/> is set and <see cref="Prepare"/> called, once; then
/// <see cref="Tangent"/>, once a stack of probes. Tensors of the first two live until the operation is disposed of, those
/// of the third until the stack is done. Reverse sweeps ask for <see cref="Pullback"/> and <see cref="Gradients"/> in its place.
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
    /// <param name="parameters">The operands that are parameters whose curvature is asked for; null for the others.</param>
    /// <param name="axis">Where the result has its samples.</param>
    internal virtual IEnumerable<OutputDraw> OutputDraws(IReadOnlyList<Tensor?> parameters, SampleAxis axis) => [];

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

    /// <summary>The transpose of <see cref="Tangent"/>: what adjoints of the result are as adjoints of one operand.</summary>
    /// <remarks>
    /// Default: <see cref="Tangent"/> of all lanes, transposed by libtorch, which serves any rule. One of its own saves the pass
    /// forward.
    /// </remarks>
    /// <param name="operand">Which.</param>
    /// <param name="adjoints"><c>[L, *shape]</c>, in any order of dimensions.</param>
    /// <returns><c>[L, *shape of the operand]</c>; null for zero.</returns>
    protected internal virtual Tensor? Pullback(int operand, Tensor adjoints)
    {
        ArgumentNullException.ThrowIfNull(adjoints);
        using var grad = enable_grad();
        long lanes = adjoints.shape[0];
        var zero = zeros([lanes, .. OperandShapes[operand]], adjoints.dtype, adjoints.device).requires_grad_();
        var tangent = Tangent(new Tangents(OperandShapes.Count, operand, zero), new Sweep((int)lanes));
        return tangent is null || !tangent.requires_grad
            ? null
            : Autograd.Gradients([tangent.expand([lanes, .. Shape])], [zero], [adjoints])[0];
    }

    /// <summary>
    /// The gradient by one operand that all samples share, for each sample by itself; null (the default) where the operation does
    /// not say, so that libtorch differentiates it sample by sample.
    /// </summary>
    /// <param name="operand">Which; a parameter, or something made of parameters alone.</param>
    /// <param name="adjoints">The result's, <c>[P, *shape]</c>.</param>
    /// <param name="axis">Where the result has its samples.</param>
    internal virtual SampleGradients? Gradients(int operand, Tensor adjoints, SampleAxis axis) => null;

    /// <summary>
    /// <see cref="Tangent"/> where operands that all samples share have tangents of each sample's own, which no one operand in the
    /// place of many can have. Default: what is broadcast has a dimension for the samples; otherwise every sample's tangent is passed
    /// through all samples, and what is not its own is left out.
    /// </summary>
    /// <param name="operands">The operands' tangents; <see cref="Tangents.IsOwn"/> says which are <c>[P, N, *shape]</c>.</param>
    /// <param name="sweep">The sum to add to.</param>
    /// <param name="axis">Where the result has its samples.</param>
    /// <returns><c>[P, *shape]</c>; null for zero.</returns>
    internal virtual Tensor? SampleTangent(Tangents operands, Sweep sweep, SampleAxis axis)
    {
        long lanes = sweep.LaneCount, samples = axis.Samples;
        int at = axis.Dimension;
        var all = new Tensor?[operands.Count];
        if (at < BroadcastRank && Shape[at] == samples)
        {
            for (int i = 0; i < all.Length; i++) all[i] = operands.IsOwn(i) ? Broadcast(operands[i]!) : operands[i];
            return Tangent(new Tangents(all), sweep);
        }

        for (int i = 0; i < all.Length; i++)
        {
            if (operands[i] is { } given)
                all[i] = (operands.IsOwn(i) ? given : given.unsqueeze(1).expand([lanes, samples, .. given.shape[1..]])).flatten(0, 1);
        }

        var inner = sweep.LaneBySample();
        var tangent = Tangent(new Tangents(all), inner);
        if (inner.Sum is { } sum) sweep.Add(sum.view(lanes, samples, samples).diagonal(dim1: 1, dim2: 2));
        if (tangent is null) return null;
        var bySample = axis.Front(tangent.expand([lanes * samples, .. Shape]).unflatten(0, lanes, samples), 2);
        return axis.Back(bySample.diagonal(dim1: 1, dim2: 2).movedim([-1], [1]), 1);

        // From [P, N, *shape of the operand], whose size where the samples are is 1, to [P, *shape of the result].
        Tensor Broadcast(Tensor own)
        {
            long[] shape = own.shape[2..];
            var aligned = own.reshape([lanes, samples, .. Enumerable.Repeat(1L, Shape.Length - shape.Length), .. shape]).squeeze(2 + at).movedim([1], [1 + at]);
            return aligned.expand([lanes, .. Shape[..BroadcastRank], .. shape[(shape.Length - Shape.Length + BroadcastRank)..]]);
        }
    }

    /// <summary>
    /// How many of the result's first dimensions the operands have, or are broadcast to; 0 where the operation does not broadcast
    /// them.
    /// </summary>
    private protected virtual int BroadcastRank => 0;

    /// <summary>Whether it has one operand, and takes each of its numbers for itself.</summary>
    internal virtual bool IsElementwise => false;

    /// <summary>Whether it is linear in all operands together, so that tangents do not depend on their values.</summary>
    internal virtual bool IsLinear => false;

    /// <summary>
    /// Whether the second derivative along any one parameter is zero wherever there is one, if that is so of each operand.
    /// Default: where D²f is zero.
    /// </summary>
    /// <param name="parameters">The parameters that each operand depends on, by their handles.</param>
    internal virtual bool IsPiecewiseLinear(IReadOnlyList<IReadOnlySet<IntPtr>> parameters) => !IsCurved;

    /// <summary>Whether no parameter has a part in two operands: a product of them is linear along each.</summary>
    private protected static bool AreDisjoint(IReadOnlyList<IReadOnlySet<IntPtr>> parameters)
    {
        for (int i = 1; i < parameters.Count; i++)
        {
            for (int j = 0; j < i; j++)
            {
                if (parameters[i].Overlaps(parameters[j])) return false;
            }
        }

        return true;
    }

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
