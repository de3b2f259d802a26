using System.Runtime.InteropServices;
using ActorHutch.Curvature.Losses;
using ActorHutch.Curvature.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Risks;

/// <summary>
/// The function whose curvature is asked for: L(θ) = (1/N) Σₙ ℓ(f(xₙ; θ), yₙ), or the sum without the 1/N.
/// </summary>
/// <remarks>
/// The model is used as it is: put it into evaluation mode first where it has dropout or batch normalisation. Model,
/// inputs and targets stay the caller's, and so does their disposal.
/// </remarks>
public sealed class EmpiricalRisk
{
    private double? _foldWeight;

    /// <summary>A risk over one batch.</summary>
    /// <param name="model">The model f.</param>
    /// <param name="loss">The loss ℓ with its reduction.</param>
    /// <param name="inputs">The batch, <c>[N, …]</c> for each of the model's inputs, on the model's device.</param>
    /// <param name="targets">What the loss compares with, <c>[N, …]</c>.</param>
    /// <exception cref="CurvatureException">
    /// The model has no trainable parameter, or one that is neither float32 nor float64, the batch is empty, or inputs
    /// and targets differ in length.
    /// </exception>
    public EmpiricalRisk(nn.Module<Tensor, Tensor> model, Loss loss, ModelInputs inputs, Tensor targets)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(loss);
        ArgumentNullException.ThrowIfNull(inputs);
        ArgumentNullException.ThrowIfNull(targets);
        Model = model;
        Loss = loss;
        Inputs = inputs;
        Targets = targets;
        Blocks = [.. model.named_parameters()
            .Where(p => p.parameter.requires_grad)
            .Select((p, index) => new ParameterBlock(p.name, p.parameter, index))];

        if (Blocks.Count == 0)
        {
            throw new CurvatureException(
                "The model has no trainable parameter, so there is no curvature matrix. Set requires_grad on the "
                + "parameters whose curvature is asked for.");
        }

        if (Blocks.FirstOrDefault(b => b.Parameter.dtype is not (ScalarType.Float32 or ScalarType.Float64)) is { } odd)
        {
            throw new CurvatureException(
                $"Parameter {odd.Name} is {odd.Parameter.dtype}, and curvature is computed in Float32 or Float64: convert "
                + "model and inputs, with model.to(ScalarType.Float32).");
        }

        inputs.CheckTargets(targets);
        bool computesLoss = model is IModelOfInputs { ComputesLoss: true };
        if (computesLoss == loss is ModelLoss) return;
        throw new CurvatureException(computesLoss
            ? "The model takes the targets and computes its own loss: leave out any other loss (ModelLoss)."
            : "The model does not compute its own loss: name one (ModelLoss is for models that take the targets).");
    }

    /// <summary>The model f.</summary>
    public nn.Module<Tensor, Tensor> Model { get; }

    /// <summary>The loss ℓ and its reduction.</summary>
    public Loss Loss { get; }

    /// <summary>The batch's inputs, <c>[N, …]</c> each.</summary>
    public ModelInputs Inputs { get; }

    /// <summary>What the model takes: the inputs, and the targets where it computes the loss.</summary>
    internal ModelInputs Given => Loss is ModelLoss ? Inputs.With(Targets) : Inputs;

    /// <summary>The batch's targets, <c>[N, …]</c>.</summary>
    public Tensor Targets { get; }

    /// <summary>The trainable parameters, in registration order.</summary>
    public IReadOnlyList<ParameterBlock> Blocks { get; }

    /// <summary>N.</summary>
    public long SampleCount => Inputs.SampleCount;

    /// <summary>The number of the batch's first sample among all, by which probes of output space are known.</summary>
    internal long FirstSample { get; init; }

    /// <summary>What messages call the batch.</summary>
    internal string Called { get; init; } = "this batch";

    /// <summary>D, the number of trainable numbers: the matrix is D × D.</summary>
    public long ParameterCount => Blocks.Sum(block => block.Size);

    /// <summary>The parameters' number type.</summary>
    public ScalarType Dtype => Blocks[0].Parameter.dtype;

    /// <summary>Where the parameters are.</summary>
    public Device Device => Blocks[0].Parameter.device;

    /// <summary>Evaluates L(θ), without recording it for differentiation.</summary>
    public double Value()
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        return Forward().ToDouble();
    }

    /// <summary>L(θ) as a tensor, recorded for differentiation where the caller's grad mode says so.</summary>
    internal Tensor Forward() => ForwardLoss(ForwardModel());

    /// <summary>z = f(x; θ) of the whole batch.</summary>
    internal Tensor ForwardModel() => ForwardModel(given => given.CallOf(Model));

    /// <summary>The same by another way to evaluate the model.</summary>
    internal Tensor ForwardModel(Func<ModelInputs, Tensor> model) => Guarded("The model", () => model(Given), OtherNumbers);

    /// <summary>The reduced loss at an output.</summary>
    internal Tensor ForwardLoss(Tensor output)
    {
        CheckFit(output);
        var loss = Guarded("The loss", () => Loss.Value(output, Targets));
        return loss.numel() == 1
            ? loss
            : throw new CurvatureException($"The loss is {TensorText.Describe(loss)}; it must be a single number. Sum or average it.");
    }

    /// <summary>How much of the batch counts; 0 where nothing does.</summary>
    internal double Weight() => Guarded("The targets' weight", () => Loss.Weight(Targets));

    /// <summary>How much its quadratic forms count beside those of other samples; computed once.</summary>
    internal double FoldWeight => _foldWeight ??= Loss.Reduction == Reduction.Sum ? 1 : Divisor();

    /// <summary>What the reduced loss is divided by.</summary>
    internal double Divisor() => Guarded("The targets' weight", () => Loss.Divisor(Targets));

    /// <summary>Whether the loss can compare the targets with an output.</summary>
    /// <exception cref="CurvatureException">It cannot: what both are, and what would be right.</exception>
    internal void CheckFit(Tensor output)
    {
        if (output.is_complex())
        {
            throw new CurvatureException(
                $"The model's output is {TensorText.Describe(output)}, and a loss is one of real numbers: let forward return torch.view_as_real of it, or its absolute value.");
        }

        if (Loss.Misfit(output, Targets) is { } misfit)
            throw new CurvatureException($"The loss cannot be evaluated on {Called}: {misfit}.");
    }

    /// <summary>The same risk over the first samples; for use inside the current scope.</summary>
    internal EmpiricalRisk Narrow(long count) => Narrow(0, count);

    /// <summary>The same risk over some of the samples; for use inside the current scope.</summary>
    internal EmpiricalRisk Narrow(long first, long count) =>
        new(Model, Loss, Inputs.Narrow(first, count), Targets.narrow(0, first, count)) { FirstSample = FirstSample + first, Called = Called };

    /// <summary>What is wrong where every target is ignored.</summary>
    public static CurvatureException NothingCounts() => new(
        "Every target is ignored, so the mean loss is undefined. Choose another ignoreIndex, or give targets that are not ignored.");

    /// <summary>What to do where the model takes the other kind of numbers, real or whole; null where it does not either.</summary>
    private string? OtherNumbers()
    {
        if (Given.Count > 1) return null;
        bool areReal = Inputs[0].is_floating_point();
        try
        {
            using var noGrad = no_grad();
            using var scope = NewDisposeScope();
            // Zeros, since no embedding has too few rows for them.
            ModelInputs zeros = zeros_like(Inputs[0], areReal ? ScalarType.Int64 : Dtype);
            zeros.CallOf(Model);
        }
        catch (Exception error) when (error is ExternalException or ArgumentException)
        {
            return null;
        }

        return areReal
            ? "The model takes whole numbers, such as an embedding's, and the inputs are real: save them as int64, in safetensors or "
                + ".npy (bytes in IDX are images, and divided by 255)."
            : "The model takes real numbers, and the inputs are whole: say DatasetOptions.Scale 1/255 for the bytes of images, as "
                + "ToTensor has it, or DatasetOptions.Scale 1 for the numbers as they are, or save them as float32.";
    }

    private T Guarded<T>(string what, Func<T> compute, Func<string?>? remedy = null)
    {
        try
        {
            return compute();
        }
        catch (Exception error) when (error is ExternalException or ArgumentException)
        {
            throw new CurvatureException(
                $"{what} cannot be evaluated on {Called} (inputs {Inputs}, targets "
                + $"{TensorText.Describe(Targets)}): {remedy?.Invoke() ?? LibTorchMessage.Cause(error.Message)}", error);
        }
    }

    /// <summary>
    /// Computes the loss twice and compares. Two different values mean that the risk is not a function of the
    /// parameters, and no curvature of it has a meaning.
    /// </summary>
    /// <exception cref="CurvatureException">The values differ, or are not finite.</exception>
    public void CheckDeterminism()
    {
        double first = Value();
        double second = Value();
        if (!double.IsFinite(first))
        {
            if (Weight() == 0) throw NothingCounts();
            throw new CurvatureException(
                $"The loss is {first}. Look for NaN or infinity in the weights and the inputs, or for a loss that "
                + "overflows.");
        }

        if (first != second)
        {
            throw new CurvatureException(
                $"The loss of the same batch was {first:R} and then {second:R}. Most often the model is in training "
                + "mode with dropout or batch normalisation: call model.eval() first.");
        }
    }
}
