using ActorHutch.Curvature.LayerRules;
using ActorHutch.Curvature.Losses;
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
    /// Where layers do not tell what they keep (double backward through any model), so many samples, which is what
    /// people take for a batch.
    /// </summary>
    public const long ForUnknownLayers = 256;

    /// <summary>What a sample's activations are kept as: inputs, adjoints, two derivatives, and a probe's tangents.</summary>
    private const long Copies = 8;

    /// <summary>As many as the budget allows.</summary>
    /// <param name="model">The model.</param>
    /// <param name="loss">The loss.</param>
    /// <param name="samples">The samples, of which the first is looked at.</param>
    /// <param name="options">Matrix, method and budget.</param>
    /// <param name="rules">The layer rules; null for <see cref="LayerRuleSet.Default"/>.</param>
    public static long Auto(
        nn.Module<Tensor, Tensor> model, Loss loss, ISamples samples, CurvatureOptions options, LayerRuleSet? rules = null)
    {
        ArgumentNullException.ThrowIfNull(samples);
        ArgumentNullException.ThrowIfNull(options);
        long all = samples.SampleCount;
        if (options.Method == CurvatureMethod.Autodiff) return Math.Min(all, ForUnknownLayers);

        long bytes;
        try
        {
            bytes = new MicroBatchedRisk(model, loss, samples, 1).With(0, risk => BytesPerSample(risk, options, rules));
        }
        catch (NoLayerRuleException)
        {
            return Math.Min(all, ForUnknownLayers);
        }

        long most = Math.Clamp((options.MemoryBudget ?? CurvatureOptions.DefaultMemoryBudget) / bytes, 1, all);
        // Micro-batches of nearly one size: 100 samples by at most 60 are 50 and 50.
        long count = (all + most - 1) / most;
        return (all + count - 1) / count;
    }

    private static long BytesPerSample(EmpiricalRisk risk, CurvatureOptions options, LayerRuleSet? rules)
    {
        using var linearization = new Linearization(risk, options.Matrix, rules ?? LayerRuleSet.Default);
        long item = risk.Dtype == ScalarType.Float64 ? 8 : 4;
        return item * (risk.Inputs.numel() + Copies * linearization.Layers.Sum(layer => layer.LaneSize));
    }
}
