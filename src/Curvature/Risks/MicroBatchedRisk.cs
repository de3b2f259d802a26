using ActorHutch.Curvature.Losses;
using TorchSharp;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Risks;

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
    /// <summary>So many samples are evaluated to learn the output's shape: few enough for any memory budget.</summary>
    private const long EnoughForShape = 8;

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

    /// <summary>The number of the first sample among those of the job, where these are a shard of them.</summary>
    internal long FirstSample { get; init; }

    /// <summary>Whether there are other shards.</summary>
    internal bool IsShard { get; init; }

    /// <summary>What is known of the mixing of samples from another shard, which the model treats as it does this one; null for nothing.</summary>
    internal Func<string?>? MixingElsewhere { get; init; }

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
    public string? Mixing => MixingElsewhere is { } known ? known() : _mixing.Value;

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
            return use(new EmpiricalRisk(Model, Loss, inputs, targets) { FirstSample = FirstSample + first, Called = Called(first, count) });
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
            $"{mixing}. The sum over {Count:N0} micro-batches of {MicroBatch:N0} samples is another function with another "
            + $"trace. For all {SampleCount:N0} samples in one batch, if they fit into memory, use microBatch all with "
            + "CurvatureOptions.Method auto and ProbeSpace.Parameter. "
            + "To make samples independent, normalise with running statistics, give recurrent layers and "
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

    /// <summary>Looks through all samples for numbers that are not finite, and for targets that the loss has no meaning for.</summary>
    /// <exception cref="CurvatureException">
    /// There are NaN or infinite numbers; the targets' type or shape does not fit the output; there are wrong ones: how many,
    /// where the first is, and what would be right; or none of them counts.
    /// </exception>
    public void CheckSamples()
    {
        if (LookThrough().Weight == 0) throw EmpiricalRisk.NothingCounts();
    }

    /// <summary>The same for samples of which none need count; each is read once.</summary>
    /// <returns>How much of them counts, and how much their quadratic forms count beside those of other samples.</returns>
    internal (double Weight, double FoldWeight) LookThrough()
    {
        long[]? output = null;
        long count = 0;
        double weight = 0, foldWeight = 0;
        string firstWrong = "", right = "";
        for (int b = 0; b < Count; b++)
        {
            With(b, risk =>
            {
                using var noGrad = no_grad();
                using var scope = NewDisposeScope();
                // A sum tells whether any of them is not finite; it overflows of very large ones, which are looked at closely then.
                if (!risk.Inputs.Append(risk.Targets).All(HasFiniteSum)) Samples.CheckFinite(0, SampleCount, _dtype);
                output ??= OutputShape(risk);
                if (Loss.Mistakes(output, risk.Targets) is var (places, what))
                {
                    long here = places.count_nonzero().item<long>();
                    if (here > 0 && count == 0) (firstWrong, right) = (Describe(risk, places), what);
                    count += here;
                }

                if (count > 0) return false;
                weight += risk.Weight();
                foldWeight += risk.FoldWeight;
                return true;
            });
        }

        if (count > 0)
        {
            throw new CurvatureException($"{count:N0} {(count == 1 ? "target is" : "targets are")} wrong for "
                + $"{Loss.GetType().Name}: the first is {firstWrong}. Targets {right}.");
        }

        return (weight, Loss.Reduction == Reduction.Sum ? 1 : foldWeight);
    }

    private static bool HasFiniteSum(Tensor tensor)
    {
        if (!tensor.is_floating_point()) return true;
        using var sum = tensor.sum();
        return double.IsFinite(sum.ToDouble());
    }

    /// <summary>The output's shape, of a few samples: its other dimensions are those of all of them.</summary>
    private long[] OutputShape(EmpiricalRisk risk)
    {
        if (risk.SampleCount > EnoughForShape)
        {
            try
            {
                return OutputShape(risk.Narrow(EnoughForShape));
            }
            catch (CurvatureException)
            {
                // The model may take one size alone. If something is wrong, that is said of the user's batch below.
            }
        }

        var output = FirstOutput(risk);
        risk.CheckFit(output);
        return output.shape;
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
        return FormattableString.Invariant($"{value:R}, of sample {Samples.Offset + risk.FirstSample - FirstSample + place[0]}{index}");
    }

    /// <summary>Some of the samples, as the model takes them. The caller disposes of both.</summary>
    internal (ModelInputs Inputs, Tensor Targets) Read(long first, long count) => Samples.Read(first, count, _dtype, _device);

    /// <summary>What messages call a micro-batch, whose shapes are not those that the user knows.</summary>
    private string Called(long first, long count) => count == SampleCount && !IsShard
        ? "this batch"
        : FormattableString.Invariant($"samples {Samples.Offset + first} to {Samples.Offset + first + count - 1}");

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

        double[] weights = [.. Enumerable.Range(0, Count).Select(b => With(b, risk => risk.Divisor()))];
        double sum = weights.Sum();
        if (sum == 0) throw EmpiricalRisk.NothingCounts();
        return [.. weights.Select(weight => weight / sum)];
    }
}
