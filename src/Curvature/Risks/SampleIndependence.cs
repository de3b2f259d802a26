using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Risks;

/// <summary>
/// Finds out whether a risk is a sum over samples: whether the model's output for a sample is the same in any company,
/// at any place and in a batch of any size, and whether the loss of a batch is that of its parts together.
/// </summary>
/// <remarks>
/// <para>
/// Micro-batches, layer rules and output space rest on it. A few samples are enough to tell: batch normalisation on the
/// batch's own statistics, attention over samples and a recurrent layer that takes samples for time change all outputs.
/// </para>
/// <para>
/// Other company leaves every shape as it is, and with it the order in which each output's terms are added: there a
/// model that treats each sample for itself gives the same bits, however large its activations are. Another place or
/// size may round in another way. By how much is measured where it matters: by what the outputs make of inputs that
/// differ in their last bits.
/// </para>
/// </remarks>
internal sealed class SampleIndependence
{
    private const int MostSamples = 6;

    /// <summary>Rounding errors within the model, as multiples of what rounding its inputs alone does: √(10⁴ operations in a row).</summary>
    private const double MostRounding = 100;

    private readonly MicroBatchedRisk _risk;
    private readonly ModelInputs _inputs;
    private readonly ModelInputs _given;
    private readonly Tensor _targets;
    private readonly Tensor _outputs;

    private SampleIndependence(MicroBatchedRisk risk, ModelInputs inputs, Tensor targets, Tensor outputs) =>
        (_risk, _inputs, _given, _targets, _outputs) = (risk, inputs, Given(risk, inputs, targets), targets, outputs);

    private long Count => _inputs.SampleCount;

    /// <summary>How many samples are in the first of two parts.</summary>
    private long Half => (Count + 1) / 2;

    /// <summary>Half of the digits: what rounding does stays below, what mixing does is far above.</summary>
    private double Tolerance => Math.Sqrt(Epsilon);

    /// <summary>
    /// The same where another batch may round in another way. Single precision has no more than TF32's ten bits in a GPU's
    /// convolutions, and whole-numbered inputs have no last bits by which rounding could be measured.
    /// </summary>
    private double CoarseTolerance =>
        _outputs.dtype == ScalarType.Float32 && (!_given.Any(input => input.is_floating_point()) || _outputs.device.type == DeviceType.CUDA)
            ? Math.Sqrt(1.0 / (1 << 10))
            : Tolerance;

    private double Epsilon => finfo(_outputs.dtype).eps;

    /// <summary>How the risk mixes samples, a sentence without its end; null where it does not.</summary>
    /// <exception cref="CurvatureException">
    /// Samples cannot be read, the model cannot be evaluated on a batch, or its output is another one each time.
    /// </exception>
    public static string? Violation(MicroBatchedRisk risk)
    {
        if (risk.SampleCount == 1) return null;
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var (inputs, targets) = Few(risk);
        var outputs = TryCall(risk.Model, Given(risk, inputs, targets));
        if (outputs is null)
        {
            // A program that was traced may hold the number of samples that it was traced with.
            (inputs, targets) = risk.Read(0, risk.MicroBatch);
            outputs = new EmpiricalRisk(risk.Model, risk.Loss, inputs, targets).ForwardModel();
            if (risk.MicroBatch == 1) return null;
        }

        if (new SampleIndependence(risk, inputs, targets, outputs).Violation() is not { } violation) return null;
        // Dropout in training mode, say, which is another mistake.
        new EmpiricalRisk(risk.Model, risk.Loss, inputs, targets).CheckDeterminism();
        string[] causes = [.. MixingLayers.Of(risk.Model)];
        return $"Samples are not independent: {violation}{(causes.Length == 0 ? "" : $", since {string.Join(" and ", causes)}")}";
    }

    private string? Violation()
    {
        if (_outputs.dim() == 0 || _outputs.shape[0] != Count)
            return $"the model's output for {Count} of them is {TensorText.Describe(_outputs)}, whose first dimension does not count them";
        if (ChangesWithCompany()) return "the model's output for a sample depends on the other samples of the batch";
        if (ChangesWithPlace()) return "the model's output for a sample depends on the sample's place in the batch";
        if (ChangesWithSize()) return "the model's output for a sample depends on how many samples the batch has";
        return LossMixes()
            ? $"the loss {_risk.Loss.GetType().Name} of a batch is not that of its parts together"
            : null;
    }

    /// <summary>The front half with itself in the place of the back half, and the back half with itself in front.</summary>
    private bool ChangesWithCompany()
    {
        long rest = Count - Half;
        using var scope = NewDisposeScope();
        var front = TryCall(_risk.Model, Together(_given.Narrow(0, Half), _given.Narrow(0, rest)));
        var back = TryCall(_risk.Model, Together(_given.Narrow(rest, Half), _given.Narrow(Half, rest)));
        return front is null || back is null
            || Differ(_outputs.narrow(0, 0, Half), front.narrow(0, 0, Half), rounds: false)
            || Differ(_outputs.narrow(0, Half, rest), back.narrow(0, Half, rest), rounds: false);
    }

    private static ModelInputs Given(MicroBatchedRisk risk, ModelInputs inputs, Tensor targets) =>
        new EmpiricalRisk(risk.Model, risk.Loss, inputs, targets).Given;

    private static ModelInputs Together(ModelInputs one, ModelInputs other) => ModelInputs.Concatenated([one, other]);

    private bool ChangesWithPlace()
    {
        using var scope = NewDisposeScope();
        return TryCall(_risk.Model, _given.Map(input => input.flip(0))) is not { } reversed || Differ(_outputs.flip(0), reversed);
    }

    private bool ChangesWithSize()
    {
        using var scope = NewDisposeScope();
        var front = TryCall(_risk.Model, _given.Narrow(0, Half));
        var back = TryCall(_risk.Model, _given.Narrow(Half, Count - Half));
        // A model that takes one size alone is never given another.
        return front is not null && back is not null && Differ(_outputs, cat([front, back]));
    }

    private bool LossMixes()
    {
        using var scope = NewDisposeScope();
        double whole = Total(0, Count);
        try
        {
            double front = Total(0, Half), back = Total(Half, Count - Half);
            return Math.Abs(whole - (front + back)) > Tolerance * (Math.Abs(whole) + Math.Abs(front) + Math.Abs(back));
        }
        catch (CurvatureException)
        {
            return true;
        }
    }

    /// <summary>The sum of the losses of some samples.</summary>
    private double Total(long first, long count)
    {
        var part = new EmpiricalRisk(
            _risk.Model, _risk.Loss, _inputs.Narrow(first, count), _targets.narrow(0, first, count));
        double weight = part.Divisor();
        // The mean of nothing is no number.
        return weight == 0 ? 0 : weight * part.ForwardLoss(_outputs.narrow(0, first, count)).ToDouble();
    }

    /// <summary>Whether outputs differ by more than rounding, beside the largest of all.</summary>
    /// <param name="expected">Outputs.</param>
    /// <param name="actual">The same by another batch.</param>
    /// <param name="rounds">Whether the other batch may round in another way.</param>
    private bool Differ(Tensor expected, Tensor actual, bool rounds = true)
    {
        if (!expected.shape.SequenceEqual(actual.shape)) return true;
        double difference = Distance(expected, actual);
        double allowed = (rounds ? CoarseTolerance : Tolerance) * Largest(_outputs);
        return !(difference <= allowed) && !(rounds && difference <= allowed + MostRounding * Rounding());
    }

    /// <summary>How far the outputs move where every number of the inputs moves by an ulp or two, up or down.</summary>
    private double Rounding()
    {
        if (!_given.Any(input => input.is_floating_point())) return 0;
        return TryCall(_risk.Model, _given.Map(Moved)) is { } outputs ? Distance(_outputs, outputs) : 0;

        Tensor Moved(Tensor input)
        {
            if (!input.is_floating_point()) return input;
            using Scalar two = 2;
            var signs = arange(input.numel(), input.dtype, input.device).remainder(two).Times(2).Plus(-1).view(input.shape);
            return input.Plus((input * signs).Times(2 * Epsilon));
        }
    }

    /// <summary>The largest difference; not a number where one of two numbers is none.</summary>
    private static double Distance(Tensor one, Tensor other)
    {
        var same = one.eq(other).logical_or(one.isnan().logical_and(other.isnan()));
        using Scalar none = 0;
        return (one - other).abs().to(ScalarType.Float64).masked_fill(same, none).max().item<double>();
    }

    private static double Largest(Tensor outputs)
    {
        using Scalar none = 0;
        return outputs.abs().to(ScalarType.Float64).masked_fill(outputs.isfinite().logical_not(), none).max().item<double>();
    }

    /// <summary>The first samples, which show how neighbours mix, and some from all over: sorted data have equal neighbours.</summary>
    private static (ModelInputs Inputs, Tensor Targets) Few(MicroBatchedRisk risk)
    {
        long last = risk.SampleCount - 1;
        long[] numbers = last < MostSamples
            ? [.. Enumerable.Range(0, (int)risk.SampleCount).Select(i => (long)i)]
            : [0, 1, 2, last / 3, 2 * (last / 3), last];
        var read = numbers.Distinct().Select(number => risk.Read(number, 1)).ToList();
        return (ModelInputs.Concatenated([.. read.Select(sample => sample.Inputs)]), cat([.. read.Select(sample => sample.Targets)]));
    }

    /// <summary>The model's output; null where it does not take such a batch.</summary>
    private static Tensor? TryCall(nn.Module<Tensor, Tensor> model, ModelInputs inputs)
    {
        try
        {
            return inputs.CallOf(model);
        }
        catch (Exception error) when (error is ExternalException or ArgumentException or InvalidOperationException)
        {
            return null;
        }
    }
}
