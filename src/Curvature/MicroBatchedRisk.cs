using ActorHutch.Curvature.Independence;
using ActorHutch.Curvature.Losses;
using static TorchSharp.torch;

namespace ActorHutch.Curvature;

/// <summary>
/// A risk over more samples than are computed with at a time: L = Σ_b w_b L_b over its micro-batches b, where w_b is a
/// micro-batch's share of what the loss divides by (1 for a sum). Every derivative of L is the same sum of theirs.
/// </summary>
/// <remarks>
/// That is so where the model treats each sample for itself, as most models in evaluation mode do;
/// <see cref="Mixing"/> says where it does not. Model and samples stay the caller's, and so does their disposal.
/// </remarks>
public sealed class MicroBatchedRisk
{
    private readonly Device _device;
    private readonly ScalarType _dtype;
    private readonly Lazy<string?> _mixing;
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
        // An error, such as a file that cannot be read, is one each time.
        _mixing = new Lazy<string?>(() => SampleIndependence.Violation(this), LazyThreadSafetyMode.PublicationOnly);
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

    /// <summary>
    /// How model or loss mix samples, and which layer does if that is known, as a sentence without its end; null where
    /// each sample is treated for itself, so that the sum over micro-batches is L. It is found once, by evaluating the
    /// model on a few samples.
    /// </summary>
    /// <exception cref="CurvatureException">Samples cannot be read, or do not fit the model.</exception>
    public string? Mixing => _mixing.Value;

    /// <summary>Reads a micro-batch. Its risk is for use inside <paramref name="use"/> only.</summary>
    /// <param name="batch">From 0 to <see cref="Count"/>.</param>
    /// <param name="use">What is done with it.</param>
    /// <exception cref="CurvatureException">It cannot be read, or does not fit the model.</exception>
    public T With<T>(int batch, Func<EmpiricalRisk, T> use)
    {
        ArgumentNullException.ThrowIfNull(use);
        var (first, count) = Range(batch);
        var (inputs, targets) = Read(first, count);
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

    /// <summary>Whether the sum over the micro-batches is L: where there are several, samples must be independent.</summary>
    /// <exception cref="CurvatureException">They are not: how, since which layer, and what to do.</exception>
    public void CheckIndependence()
    {
        if (Count == 1 || Mixing is not { } mixing) return;
        throw new CurvatureException(
            $"{mixing}. The sum over {Count:N0} micro-batches of {MicroBatch:N0} samples is another function, and so is its "
            + $"trace: say --micro-batch all where all {SampleCount:N0} samples in one batch are meant, and fit into memory. "
            + "Where each sample is meant to count for itself, normalise with running statistics, give recurrent layers and "
            + "attention batch_first=True, and call model.eval() before the model is exported.");
    }

    /// <summary>Computes the loss of every micro-batch twice and compares.</summary>
    /// <exception cref="CurvatureException">The values differ, or are not finite; or samples are not independent.</exception>
    public void CheckDeterminism()
    {
        CheckIndependence();
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
    /// <exception cref="CurvatureException">
    /// Their type or shape does not fit the output; there are wrong ones: how many, where the first is, and what would be
    /// right; or none of them counts.
    /// </exception>
    public void CheckTargets()
    {
        long[]? output = null;
        long count = 0;
        double weight = 0;
        string firstWrong = "", right = "";
        for (int b = 0; b < Count; b++)
        {
            With(b, risk =>
            {
                using var noGrad = no_grad();
                using var scope = NewDisposeScope();
                if (output is null)
                {
                    var first = FirstOutput(risk);
                    risk.CheckFit(first);
                    output = first.shape;
                }

                if (Loss.Mistakes(output, risk.Targets) is var (places, what))
                {
                    long here = places.count_nonzero().item<long>();
                    if (here > 0 && count == 0) (firstWrong, right) = (Describe(risk, places), what);
                    count += here;
                }

                return weight += count == 0 ? risk.Weight() : 0;
            });
        }

        if (count > 0)
        {
            throw new CurvatureException($"{count:N0} {(count == 1 ? "target is" : "targets are")} wrong for "
                + $"{Loss.GetType().Name}: the first is {firstWrong}. Targets {right}.");
        }

        if (weight == 0) throw EmpiricalRisk.NothingCounts();
    }

    private Tensor FirstOutput(EmpiricalRisk risk)
    {
        try
        {
            return risk.ForwardModel();
        }
        catch (CurvatureException) when (Count > 1 && Mixing is not null)
        {
            // Such as the batch's own statistics, which a single sample does not have.
            CheckIndependence();
            throw;
        }
    }

    private string Describe(EmpiricalRisk risk, Tensor wrong)
    {
        long[] place = wrong.nonzero()[0].data<long>().ToArray();
        var value = risk.Targets[[.. place.Select(index => TensorIndex.Single(index))]].to(ScalarType.Float64).item<double>();
        string index = place.Length == 1 ? "" : $" at [{string.Join(", ", place.Skip(1))}]";
        return FormattableString.Invariant($"{value:R}, of sample {Samples.Offset + risk.FirstSample + place[0]}{index}");
    }

    /// <summary>Some of the samples, as the model takes them. The caller disposes of both.</summary>
    internal (Tensor Inputs, Tensor Targets) Read(long first, long count) => Samples.Read(first, count, _dtype, _device);

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

        double[] weights = [.. Enumerable.Range(0, Count).Select(b => With(b, risk => risk.Weight()))];
        double sum = weights.Sum();
        if (sum == 0) throw EmpiricalRisk.NothingCounts();
        return [.. weights.Select(weight => weight / sum)];
    }
}
