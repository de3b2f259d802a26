using System.Runtime.InteropServices;
using ActorHutch.Curvature.Losses;
using TorchSharp;
using static TorchSharp.torch;

namespace ActorHutch.Curvature;

/// <summary>One trainable parameter tensor: a block of the curvature matrix.</summary>
/// <param name="Name">Its name in the model's state dict, such as <c>1.weight</c>.</param>
/// <param name="Parameter">The tensor itself.</param>
/// <param name="Index">Its place among the trainable parameters, in registration order, from 0.</param>
public sealed record ParameterBlock(string Name, Tensor Parameter, int Index)
{
    /// <summary>The tensor's shape.</summary>
    public long[] Shape => Parameter.shape;

    /// <summary>How many numbers it holds.</summary>
    public long Size => Parameter.numel();
}

/// <summary>
/// The function whose curvature is asked for: L(θ) = (1/N) Σₙ ℓ(f(xₙ; θ), yₙ), or the sum without the 1/N.
/// </summary>
/// <remarks>
/// The model is used as it is: put it into evaluation mode first where it has dropout or batch normalisation. Model,
/// inputs and targets stay the caller's, and so does their disposal.
/// </remarks>
public sealed class EmpiricalRisk
{
    /// <summary>A risk over one batch.</summary>
    /// <param name="model">The model f.</param>
    /// <param name="loss">The loss ℓ with its reduction.</param>
    /// <param name="inputs">The batch, <c>[N, …]</c>, on the model's device.</param>
    /// <param name="targets">What the loss compares with, <c>[N, …]</c>.</param>
    /// <exception cref="CurvatureException">
    /// The model has no trainable parameter, or one that is neither float32 nor float64, the batch is empty, or inputs
    /// and targets differ in length.
    /// </exception>
    public EmpiricalRisk(nn.Module<Tensor, Tensor> model, Loss loss, Tensor inputs, Tensor targets)
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

        CheckBatch(inputs, targets);
    }

    /// <summary>The model f.</summary>
    public nn.Module<Tensor, Tensor> Model { get; }

    /// <summary>The loss ℓ and its reduction.</summary>
    public Loss Loss { get; }

    /// <summary>The batch's inputs, <c>[N, …]</c>.</summary>
    public Tensor Inputs { get; }

    /// <summary>The batch's targets, <c>[N, …]</c>.</summary>
    public Tensor Targets { get; }

    /// <summary>The trainable parameters, in registration order.</summary>
    public IReadOnlyList<ParameterBlock> Blocks { get; }

    /// <summary>N.</summary>
    public long SampleCount => Inputs.shape[0];

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

    /// <summary>
    /// z = f(x; θ) of the whole batch. The model has a copy of it, which it may overwrite: a first layer that works in
    /// place does, and the samples would be others at the next call.
    /// </summary>
    internal Tensor ForwardModel() => ForwardModel(inputs => Model.call(inputs.clone()));

    /// <summary>The same by another way to evaluate the model.</summary>
    internal Tensor ForwardModel(Func<Tensor, Tensor> model) => Guarded("The model", () => model(Inputs), OtherNumbers);

    /// <summary>The reduced loss at an output.</summary>
    internal Tensor ForwardLoss(Tensor output)
    {
        CheckFit(output);
        var loss = Guarded("The loss", () => Loss.Value(output, Targets));
        return loss.numel() == 1
            ? loss
            : throw new CurvatureException($"The loss is {Describe(loss)}; it must be a single number. Sum or average it.");
    }

    /// <summary>What the mean of the losses is divided by.</summary>
    internal double Weight() => Guarded("The targets' weight", () => Loss.Weight(Targets));

    /// <summary>Whether the loss can compare the targets with an output.</summary>
    /// <exception cref="CurvatureException">It cannot: what both are, and what would be right.</exception>
    internal void CheckFit(Tensor output)
    {
        if (output.is_complex())
        {
            throw new CurvatureException(
                $"The model's output is {Describe(output)}, and a loss is one of real numbers: let forward return torch.view_as_real of it, or its absolute value.");
        }

        if (Loss.Misfit(output, Targets) is { } misfit)
            throw new CurvatureException($"The loss cannot be evaluated on {Called}: {misfit}.");
    }

    /// <summary>The same risk over the first samples; for use inside the current scope.</summary>
    internal EmpiricalRisk Narrow(long count) =>
        new(Model, Loss, Inputs.narrow(0, 0, count), Targets.narrow(0, 0, count)) { FirstSample = FirstSample };

    /// <summary>There must be samples, and a target for each.</summary>
    /// <exception cref="CurvatureException">There are none, or as many of one as of the other.</exception>
    internal static void CheckBatch(Tensor inputs, Tensor targets)
    {
        if (inputs.dim() == 0 || inputs.shape[0] == 0)
            throw new CurvatureException("The batch is empty: inputs need at least one sample in dimension 0.");
        if (targets.dim() == 0 || targets.shape[0] != inputs.shape[0])
        {
            throw new CurvatureException(
                $"{inputs.shape[0]} inputs and {(targets.dim() == 0 ? 0 : targets.shape[0])} targets: "
                + "there must be one target for each sample.");
        }
    }

    /// <summary>What is wrong where every target is ignored.</summary>
    internal static CurvatureException NothingCounts() => new(
        "Every target is ignored, so the loss is the mean of nothing. Say another --ignore-index, or give targets that count.");

    /// <summary>What to do where the model takes the other kind of numbers, real or whole; null where it does not either.</summary>
    private string? OtherNumbers()
    {
        bool areReal = Inputs.is_floating_point();
        try
        {
            using var noGrad = no_grad();
            using var scope = NewDisposeScope();
            // Zeros, since no embedding has too few rows for them.
            Model.call(zeros_like(Inputs, areReal ? ScalarType.Int64 : Dtype));
        }
        catch (Exception error) when (error is ExternalException or ArgumentException)
        {
            return null;
        }

        return areReal
            ? "The model takes whole numbers, such as an embedding's, and the inputs are real: save them as int64, in safetensors or "
                + ".npy (bytes in IDX are images, and divided by 255)."
            : "The model takes real numbers, and the inputs are whole: say --scale 1/255 for the bytes of images, as ToTensor has "
                + "it, or --scale 1 for the numbers as they are (DatasetOptions.Scale), or save them as float32.";
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
                $"{what} cannot be evaluated on {Called} (inputs {Describe(Inputs)}, targets "
                + $"{Describe(Targets)}): {remedy?.Invoke() ?? LibTorchMessage.Cause(error.Message)}", error);
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

    internal static string Describe(Tensor tensor) => Describe(tensor.dtype, tensor.shape);

    internal static string Describe(ScalarType dtype, long[] shape) => $"{dtype}[{string.Join(", ", shape)}]";
}
