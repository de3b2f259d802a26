using static TorchSharp.torch;

namespace ActorHutch.Curvature.Tests.Cases;

/// <summary>A model of the shared table: how it is made, and what goes in.</summary>
/// <param name="Make">Makes the model; its parameters are overwritten with fixed numbers.</param>
/// <param name="Sample">Shape of one input.</param>
/// <param name="Samples">How many of them.</param>
internal sealed record ModelCase(Func<nn.Module<Tensor, Tensor>> Make, long[] Sample, int Samples = 5)
{
    /// <summary>What to draw the inputs with; null for normal numbers.</summary>
    public Func<Numbers, long[], Tensor>? Inputs { get; init; }

    /// <summary>
    /// False for a model that has a rule for every layer, but that libtorch does not differentiate twice.
    /// </summary>
    public bool HasAutodiff { get; init; } = true;

    /// <summary>
    /// False for a model whose first derivative, as libtorch defines it, is none: a padding row has none.
    /// </summary>
    public bool HasDifferences { get; init; } = true;

    /// <summary>This model with a loss, and targets that fit its output.</summary>
    public Problem With(LossCase loss)
    {
        using var noGrad = no_grad();
        var numbers = new Numbers(seed: 1);
        var model = Problem.Prepared(Make(), numbers);
        long[] shape = [Samples, .. Sample];
        var inputs = Inputs?.Invoke(numbers, shape) ?? numbers.Normal(shape);
        using var output = model.call(inputs);
        return new Problem(model, loss.Make(output.shape), inputs, loss.Targets(numbers, output.shape));
    }
}
