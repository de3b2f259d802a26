using static TorchSharp.torch;

namespace ActorHutch.Curvature.LayerRules;

/// <summary>
/// What curvature needs to know of one layer of a model, at one batch: how tangents pass through it, and its second
/// derivative. One instance serves one place in one model.
/// </summary>
/// <remarks>
/// First comes <see cref="Forward"/>, once; then <see cref="OutputAdjoint"/> is set and <see cref="Prepare"/> called,
/// once; then <see cref="Tangent"/>, once a stack of probes. Tensors of the first two live until the rule is disposed,
/// those of the third until the stack is done.
/// </remarks>
public abstract class LayerRule : TensorOwner
{
    /// <summary>Where the layer is in the model, such as <c>features.3</c>.</summary>
    public string Path { get; internal set; } = "";

    /// <summary>The layer's class, for messages.</summary>
    internal string Kind { get; set; } = "";

    /// <summary>Whether the layer has hooks, which may change what goes in and comes out.</summary>
    internal bool HasHooks { get; set; }

    /// <summary>λ = ∂L/∂a of this layer's output, in the output's own shape; null where the loss does not depend on it.</summary>
    protected internal Tensor? OutputAdjoint { get; internal set; }

    /// <summary>The layer's output, recorded for differentiation.</summary>
    protected internal Tensor? Output { get; internal set; }

    /// <summary>Shape of the layer's input, <c>[N, …]</c>.</summary>
    protected long[] InputShape { get; private set; } = [];

    /// <summary>Shape of the layer's output, <c>[N, …]</c>.</summary>
    protected long[] OutputShape { get; private set; } = [];

    /// <summary>
    /// Numbers in one lane of this layer's output, all samples together; 0 where no parameter comes before the output,
    /// so that it never has a tangent.
    /// </summary>
    internal long LaneSize { get; private set; }

    /// <summary>The rules that this one is made of, in the order of the forward pass; itself for a plain layer.</summary>
    internal virtual IEnumerable<LayerRule> Leaves => [this];

    /// <summary>Computes the layer and remembers what <see cref="Prepare"/> and <see cref="Tangent"/> need.</summary>
    /// <exception cref="NoLayerRuleException">
    /// The rule does not serve the layer, or not at this input; or lanes have no place for the output: see
    /// <see cref="LaneLayout"/>.
    /// </exception>
    internal virtual Tensor Run(Tensor input)
    {
        InputShape = input.shape;
        var output = Forward(input);
        OutputShape = output.shape;
        if (HasHooks) throw Unserved("has hooks, of which layer rules know nothing");
        if (OutputShape.Length == 0 || OutputShape[0] != InputShape[0] || (OutputShape.Length == 1 && output.requires_grad))
        {
            throw Unserved(
                $"makes {Describe(OutputShape)} of {Describe(InputShape)}: layer rules need samples in the first dimension, and one "
                + "dimension more");
        }

        Output = output;
        LaneSize = output.requires_grad ? output.numel() : 0;
        return output;
    }

    /// <summary>The layer's own forward pass.</summary>
    /// <param name="input"><c>[N, …]</c>; the layer must not write to it.</param>
    /// <exception cref="NoLayerRuleException">
    /// The rule does not serve the layer at this input: other methods may. Whatever it does not serve must be found here,
    /// where it is not too late to pick another method.
    /// </exception>
    protected abstract Tensor Forward(Tensor input);

    /// <summary>Computes, once a batch, whatever every stack of probes needs. Called without recording.</summary>
    protected internal virtual void Prepare()
    {
    }

    /// <summary>
    /// Tangents of the output from those of the input, and the second-order term to the sweep's sum.
    /// </summary>
    /// <param name="input">The input's tangents; null for zero.</param>
    /// <param name="sweep">The probes, and the sum to add to.</param>
    /// <returns>The output's tangents; null for zero.</returns>
    public abstract Lanes? Tangent(Lanes? input, Sweep sweep);

    /// <summary>What can be drawn at this layer in output space; nothing for a layer without parameters.</summary>
    internal virtual IEnumerable<OutputDraw> OutputDraws => [];

    /// <summary>That the layer is one that this rule does not serve.</summary>
    /// <param name="why">Behind the layer's name.</param>
    protected NoLayerRuleException Unserved(string why) =>
        new($"{(Path.Length == 0 ? "The model itself" : $"Layer {Path}")} ({Kind}) {why}.");

    private static string Describe(long[] shape) => $"[{string.Join(", ", shape)}]";
}
