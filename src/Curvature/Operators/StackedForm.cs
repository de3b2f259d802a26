using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Operators;

/// <summary>
/// What all quadratic forms share: probes are taken in stacks that fit into memory, and nothing native outlives a
/// stack.
/// </summary>
internal abstract class StackedForm(EmpiricalRisk risk) : IQuadraticForm
{
    private int _stackSize;

    /// <inheritdoc/>
    public abstract CurvatureMethod Method { get; }

    /// <inheritdoc/>
    public string MethodReason { get; init; } = "asked for";

    /// <inheritdoc/>
    public virtual IReadOnlyList<string> Blocks { get; } = [.. risk.Blocks.Select(block => block.Name)];

    /// <inheritdoc/>
    public abstract long BasisCount { get; }

    /// <summary>The risk.</summary>
    protected EmpiricalRisk Risk { get; } = risk;

    /// <summary>How many probes at most are taken at once, before any shortage of memory.</summary>
    protected abstract int LargestStack { get; }

    /// <inheritdoc/>
    public ProbeValues Evaluate(long firstProbe, int count, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(firstProbe);
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        if (_stackSize == 0) _stackSize = LargestStack;

        int columns = Math.Max(1, Blocks.Count);
        var values = new double[count * columns];
        for (int done = 0; done < count;)
        {
            cancellation.ThrowIfCancellationRequested();
            // Stacks of nearly one size: 50 probes in stacks of at most 20 are 17, 17 and 16.
            int stacks = (count - done - 1) / _stackSize + 1;
            int size = (count - done + stacks - 1) / stacks;
            var part = values.AsSpan(done * columns, size * columns);
            if (!TryEvaluate(firstProbe + done, size, part))
            {
                _stackSize = Math.Max(1, size / 2);
                continue;
            }

            CheckFinite(firstProbe + done, part, columns);
            done += size;
        }

        return new ProbeValues(firstProbe, columns, values);
    }

    /// <inheritdoc/>
    public abstract void Dispose();

    /// <summary>The quadratic forms of one stack, <c>[count, columns]</c> in float64.</summary>
    protected abstract Tensor EvaluateStack(long firstProbe, int count);

    /// <summary>Evaluates one stack; false where memory ran out and a smaller one may fit.</summary>
    private bool TryEvaluate(long firstProbe, int count, Span<double> values)
    {
        using var scope = NewDisposeScope();
        try
        {
            using var noGrad = no_grad();
            var result = EvaluateStack(firstProbe, count).to(ScalarType.Float64).cpu().contiguous();
            MemoryMarshal.Cast<byte, double>(result.bytes).CopyTo(values);
            return true;
        }
        catch (ExternalException error) when (IsOutOfMemory(error) && count > 1)
        {
            return false;
        }
        catch (ExternalException error)
        {
            string what = IsOutOfMemory(error)
                ? "A single probe does not fit into memory: use a smaller batch or another method."
                : LibTorchMessage.Cause(error.Message);
            throw new CurvatureException($"Probe {firstProbe} could not be evaluated: {what}", error);
        }
    }

    private static bool IsOutOfMemory(ExternalException error) =>
        error.Message.Contains("out of memory", StringComparison.OrdinalIgnoreCase)
        || error.Message.Contains("can't allocate memory", StringComparison.OrdinalIgnoreCase);

    private void CheckFinite(long firstProbe, ReadOnlySpan<double> values, int columns)
    {
        for (int i = 0; i < values.Length; i++)
        {
            if (double.IsFinite(values[i])) continue;
            string block = Blocks.Count == 0 ? "" : $", block {Blocks[i % columns]}";
            string orDouble = Risk.Dtype == ScalarType.Float32 ? ", or try float64" : "";
            throw new CurvatureException(
                $"The quadratic form of probe {firstProbe + i / columns}{block} is {values[i]}. Look for NaN or infinity "
                + $"in weights and data, for an activation without a finite second derivative{orDouble}.");
        }
    }
}
