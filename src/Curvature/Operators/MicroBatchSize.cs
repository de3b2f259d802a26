using ActorHutch.Curvature.Losses;
using ActorHutch.Curvature.Native;
using ActorHutch.Curvature.Operations;
using ActorHutch.Curvature.Probes;
using ActorHutch.Curvature.Risks;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Operators;

/// <summary>How many samples are computed with at a time where nobody says it.</summary>
/// <remarks>
/// A function of the model, the samples and the budget alone, like <see cref="StackSize"/>: the same job is cut into
/// the same micro-batches everywhere.
/// </remarks>
public static class MicroBatchSize
{
    /// <summary>
    /// The most where layers do not tell what they keep (double backward through any model), which is what people take for
    /// a batch; and so many where what is kept cannot be measured either.
    /// </summary>
    public const long ForUnknownLayers = 256;

    /// <summary>What a sample's activations are kept as: inputs, adjoints, two derivatives, and a probe's tangents.</summary>
    internal const long Copies = 8;

    /// <summary>As many as the budget allows.</summary>
    /// <param name="model">The model.</param>
    /// <param name="loss">The loss.</param>
    /// <param name="samples">The samples, of which the first is looked at.</param>
    /// <param name="options">Matrix, method and budget.</param>
    /// <param name="table">The layer rules; null for <see cref="OperationTable.Default"/>.</param>
    public static long Auto(
        nn.Module<Tensor, Tensor> model, Loss loss, ISamples samples, CurvatureOptions options, OperationTable? table = null)
    {
        ArgumentNullException.ThrowIfNull(samples);
        ArgumentNullException.ThrowIfNull(options);
        long all = samples.SampleCount, most = Math.Min(all, ForUnknownLayers);
        long budget = options.MemoryBudget ?? CurvatureOptions.DefaultMemoryBudget;
        if (options.Preferred != CurvatureMethod.Autodiff)
        {
            try
            {
                long bytes = new MicroBatchedRisk(model, loss, samples, 1).With(0, risk => BytesPerSample(risk, options, table));
                return Even(all, budget / bytes);
            }
            catch (NoLayerRuleException)
            {
                if (options.Method is not null || options.ProbeSpace != ProbeSpace.Parameter) return most;
            }
            catch (CurvatureException)
            {
                // The model may take batches of one size only. If nothing is right with it, that is said of the user's batch.
                return most;
            }
        }

        if (most == 1 || !AllocationMeter.IsAvailable) return most;
        try
        {
            long fitting = AutodiffFootprint.Measure(model, loss, samples, options.Matrix).MostSamples(budget);
            return fitting < most ? Even(all, fitting) : most;
        }
        catch (CurvatureException)
        {
            // As above.
            return most;
        }
    }

    /// <summary>Micro-batches of nearly one size: 100 samples by at most 60 are 50 and 50.</summary>
    private static long Even(long all, long most)
    {
        long count = (all - 1) / Math.Clamp(most, 1, all) + 1;
        return (all + count - 1) / count;
    }

    private static long BytesPerSample(EmpiricalRisk risk, CurvatureOptions options, OperationTable? table)
    {
        using var linearization = new Linearization(risk, options.Matrix, table ?? OperationTable.Default);
        return StackSize.KeptBytes(risk, linearization.Operations);
    }
}
