using System.Runtime.InteropServices;
using ActorHutch.Curvature.Graphs;
using ActorHutch.Curvature.Native;
using ActorHutch.Curvature.Risks;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Operators;

/// <summary>
/// What all quadratic forms share: probes are taken in stacks that fit into memory, and nothing native outlives a
/// stack.
/// </summary>
internal abstract class StackedForm(EmpiricalRisk risk) : IQuadraticForm
{
    /// <inheritdoc/>
    public abstract CurvatureMethod Method { get; }

    /// <inheritdoc/>
    public string MethodReason { get; init; } = "asked for";

    /// <inheritdoc/>
    public virtual IReadOnlyList<string> Blocks { get; } = [.. risk.Blocks.Select(block => block.Name)];

    /// <inheritdoc/>
    public virtual IReadOnlyList<long[]> Shapes => [];

    /// <inheritdoc/>
    public int Columns => ProbeValues.ColumnsOf(Blocks, Shapes);

    /// <inheritdoc/>
    public abstract long BasisCount { get; }

    /// <inheritdoc/>
    public virtual double Passes => 1;

    /// <inheritdoc/>
    public virtual long KeptBytes => StackSize.KeptBytes(Risk, Operations);

    /// <summary>The risk.</summary>
    protected EmpiricalRisk Risk { get; } = risk;

    /// <summary>Operations that keep what they need of the batch; none where there are no rules.</summary>
    protected virtual IEnumerable<Operation> Operations => [];

    /// <summary>
    /// How many probes at most are taken at once. Where they do not fit into memory, that is an error and no reason for
    /// smaller stacks: the last bits of a result depend on their height, which is part of the job.
    /// </summary>
    protected abstract int LargestStack { get; }

    /// <inheritdoc/>
    public virtual ProbeValues Evaluate(long firstProbe, int count, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(firstProbe);
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        int columns = Columns;
        var values = new double[count * columns];
        for (int done = 0; done < count;)
        {
            cancellation.ThrowIfCancellationRequested();
            // Stacks of nearly one size: 50 probes in stacks of at most 20 are 17, 17 and 16.
            int stacks = (count - done - 1) / LargestStack + 1;
            int size = (count - done + stacks - 1) / stacks;
            EvaluateStack(firstProbe + done, size, values.AsSpan(done * columns, size * columns));
            done += size;
        }

        return Finite(new ProbeValues(firstProbe, columns, values) { Weight = Risk.FoldWeight }, Blocks, Risk.Dtype);
    }

    /// <summary>Values, if they are finite.</summary>
    /// <exception cref="CurvatureException">One is not.</exception>
    internal static ProbeValues Finite(ProbeValues values, IReadOnlyList<string> blocks, ScalarType dtype)
    {
        string orDouble = dtype == ScalarType.Float32 ? ", or try float64" : "";
        return values.FirstNotFinite(blocks) is not { } what ? values : throw new CurvatureException(
            $"{what} Look for NaN or infinity in weights and data, for an activation without a finite second "
            + $"derivative{orDouble}.");
    }

    /// <summary>What libtorch could not compute, as a message for the user.</summary>
    internal static CurvatureException Failed(ExternalException error, long firstProbe, int count)
    {
        if (!IsOutOfMemory(error))
            return new CurvatureException($"Probe {firstProbe} could not be evaluated: {LibTorchMessage.Cause(error.Message)}", error);
        string what = count == 1
            ? "A single probe does not fit into memory: use a smaller batch or another method."
            : $"A stack of {count} probes does not fit into memory: use a smaller CurvatureOptions.MemoryBudget.";
        return new MachineException($"Probe {firstProbe} could not be evaluated: {what}", error);
    }

    /// <inheritdoc/>
    public abstract void Dispose();

    /// <summary>The quadratic forms of one stack, <c>[count, columns]</c> in float64.</summary>
    protected abstract Tensor EvaluateStack(long firstProbe, int count);

    private void EvaluateStack(long firstProbe, int count, Span<double> values)
    {
        using var scope = NewDisposeScope();
        try
        {
            using var noGrad = no_grad();
            var result = EvaluateStack(firstProbe, count).to(ScalarType.Float64).cpu().contiguous();
            MemoryMarshal.Cast<byte, double>(result.bytes).CopyTo(values);
        }
        catch (ExternalException error)
        {
            throw Failed(error, firstProbe, count);
        }
    }

    private static bool IsOutOfMemory(ExternalException error) =>
        error.Message.Contains("out of memory", StringComparison.OrdinalIgnoreCase)
        || error.Message.Contains("can't allocate memory", StringComparison.OrdinalIgnoreCase);
}
