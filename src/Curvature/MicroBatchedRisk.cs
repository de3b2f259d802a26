using ActorHutch.Curvature.Losses;
using static TorchSharp.torch;

namespace ActorHutch.Curvature;

/// <summary>
/// A risk over more samples than are computed with at a time: L = Σ_b w_b L_b over its micro-batches b, where w_b is a
/// micro-batch's share of what the loss divides by (1 for a sum). Every derivative of L is the same sum of theirs.
/// </summary>
/// <remarks>
/// The model must treat each sample for itself, as models in evaluation mode do. Model and samples stay the caller's, and
/// so does their disposal.
/// </remarks>
public sealed class MicroBatchedRisk
{
    private readonly Device _device;
    private readonly ScalarType _dtype;
    private double[]? _shares;

    /// <summary>A risk over all samples.</summary>
    /// <param name="model">The model f.</param>
    /// <param name="loss">The loss ℓ with its reduction.</param>
    /// <param name="samples">The samples.</param>
    /// <param name="microBatch">How many are computed with at a time; the last micro-batch may have fewer.</param>
    /// <exception cref="CurvatureException">The model has no trainable parameter, or there are no samples.</exception>
    public MicroBatchedRisk(nn.Module<Tensor, Tensor> model, Loss loss, ISamples samples, long microBatch)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(loss);
        ArgumentNullException.ThrowIfNull(samples);
        ArgumentOutOfRangeException.ThrowIfLessThan(microBatch, 1);
        (Model, Loss, Samples) = (model, loss, samples);
        MicroBatch = Math.Min(microBatch, Math.Max(1, samples.SampleCount));
        var parameter = model.parameters().FirstOrDefault(p => p.requires_grad);
        (_device, _dtype) = parameter is null ? (CPU, ScalarType.Float32) : (parameter.device, parameter.dtype);
    }

    /// <summary>The model f.</summary>
    public nn.Module<Tensor, Tensor> Model { get; }

    /// <summary>The loss ℓ and its reduction.</summary>
    public Loss Loss { get; }

    /// <summary>The samples.</summary>
    public ISamples Samples { get; }

    /// <summary>How many samples are computed with at a time.</summary>
    public long MicroBatch { get; }

    /// <summary>N.</summary>
    public long SampleCount => Samples.SampleCount;

    /// <summary>How many micro-batches there are.</summary>
    public int Count => checked((int)((SampleCount + MicroBatch - 1) / MicroBatch));

    /// <summary>w_b, a micro-batch's weight in the sum.</summary>
    public double Share(int batch) => (_shares ??= Shares())[batch];

    /// <summary>Reads a micro-batch. Its risk is for use inside <paramref name="use"/> only.</summary>
    /// <param name="batch">From 0 to <see cref="Count"/>.</param>
    /// <param name="use">What is done with it.</param>
    /// <exception cref="CurvatureException">It cannot be read, or does not fit the model.</exception>
    public T With<T>(int batch, Func<EmpiricalRisk, T> use)
    {
        ArgumentNullException.ThrowIfNull(use);
        var (first, count) = Range(batch);
        var (inputs, targets) = Samples.Read(first, count, _dtype, _device);
        using (inputs)
        using (targets)
            return use(new EmpiricalRisk(Model, Loss, inputs, targets) { FirstSample = first });
    }

    /// <summary>L(θ), over all samples.</summary>
    public double Value()
    {
        double sum = 0;
        for (int b = 0; b < Count; b++)
        {
            // One whose targets are all ignored has no mean.
            if (Share(b) != 0) sum += Share(b) * With(b, risk => risk.Value());
        }

        return sum;
    }

    /// <summary>Computes the loss of every micro-batch twice and compares.</summary>
    /// <exception cref="CurvatureException">The values differ, or are not finite.</exception>
    public void CheckDeterminism()
    {
        for (int b = 0; b < Count; b++)
        {
            if (Share(b) == 0) continue;
            With(b, risk =>
            {
                risk.CheckDeterminism();
                return true;
            });
        }
    }

    /// <summary>Looks through all targets for such as the loss has no meaning for.</summary>
    /// <exception cref="CurvatureException">There are some: how many, where the first is, and what would be right.</exception>
    public void CheckTargets()
    {
        long[]? output = null;
        long count = 0;
        string first = "", right = "";
        for (int b = 0; b < Count; b++)
        {
            With(b, risk =>
            {
                using var noGrad = no_grad();
                using var scope = NewDisposeScope();
                output ??= risk.ForwardModel().shape;
                if (Loss.Mistakes(output, risk.Targets) is not var (wrong, what)) return 0;
                using var places = wrong;
                long here = places.count_nonzero().item<long>();
                if (here > 0 && count == 0) (first, right) = (Describe(risk, places), what);
                return count += here;
            });
        }

        if (count == 0) return;
        throw new CurvatureException(
            $"{count:N0} {(count == 1 ? "target is" : "targets are")} wrong for {Loss.GetType().Name}: the first is {first}. Targets {right}.");
    }

    private static string Describe(EmpiricalRisk risk, Tensor wrong)
    {
        long[] place = wrong.nonzero()[0].data<long>().ToArray();
        var value = risk.Targets[[.. place.Select(index => TensorIndex.Single(index))]].to(ScalarType.Float64).item<double>();
        string index = place.Length == 1 ? "" : $" at [{string.Join(", ", place.Skip(1))}]";
        return FormattableString.Invariant($"{value:R}, of sample {risk.FirstSample + place[0]}{index}");
    }

    private (long First, long Count) Range(int batch)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(batch);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(batch, Math.Max(1, Count));
        long first = batch * MicroBatch;
        return (first, Math.Min(MicroBatch, SampleCount - first));
    }

    private double[] Shares()
    {
        if (Loss.Reduction == Reduction.Sum) return [.. Enumerable.Repeat(1.0, Count)];

        double[] weights = [.. Enumerable.Range(0, Count).Select(b => With(b, risk => Loss.Weight(risk.Targets)))];
        double sum = weights.Sum();
        return [.. weights.Select(weight => weight / sum)];
    }
}
