using System.Collections;
using static TorchSharp.torch;

namespace ActorHutch.Curvature;

/// <summary>An input of a model.</summary>
/// <param name="Name">Its name, under which data have it.</param>
/// <param name="Dtype">Int64 or Bool; null for numbers of the model's own type.</param>
public sealed record ModelInput(string Name, ScalarType? Dtype = null);

/// <summary>A model that takes one input or several, by name.</summary>
public interface IModelOfInputs
{
    /// <summary>The inputs, in the order of <see cref="forward"/>.</summary>
    IReadOnlyList<ModelInput> Inputs { get; }

    /// <summary>Whether the model takes the targets too, behind its inputs, and returns its loss: a number, or one for each sample.</summary>
    bool ComputesLoss { get; }

    /// <summary>Evaluates the model.</summary>
    /// <param name="inputs">One tensor an input, <c>[N, …]</c> each, and the targets where it computes its loss.</param>
    Tensor forward(IReadOnlyList<Tensor> inputs);
}

/// <summary>The inputs of a batch: one tensor for each input of the model, whose first dimension counts the same samples.</summary>
/// <param name="tensors">The tensors, <c>[N, …]</c> each, in the model's order.</param>
public sealed class ModelInputs(params IReadOnlyList<Tensor> tensors) : IReadOnlyList<Tensor>, IDisposable
{
    /// <summary>N.</summary>
    public long SampleCount => tensors[0].shape[0];

    /// <inheritdoc/>
    public int Count => tensors.Count;

    /// <inheritdoc/>
    public Tensor this[int index] => tensors[index];

    /// <summary>The inputs of a model that takes one.</summary>
    public static implicit operator ModelInputs(Tensor input) => new(input);

    /// <summary>Several batches as one.</summary>
    internal static ModelInputs Concatenated(IReadOnlyList<ModelInputs> batches) =>
        new([.. Enumerable.Range(0, batches[0].Count).Select(i => cat([.. batches.Select(batch => batch[i])]))]);

    /// <summary>Some of the samples.</summary>
    internal ModelInputs Narrow(long first, long count) => Map(tensor => tensor.narrow(0, first, count));

    /// <summary>Another tensor for each.</summary>
    public ModelInputs Map(Func<Tensor, Tensor> change) => new([.. tensors.Select(change)]);

    /// <summary>One input more.</summary>
    internal ModelInputs With(Tensor last) => new([.. tensors, last]);

    /// <summary>Evaluates a model. It has copies, which it may overwrite: a first layer that works in place does.</summary>
    /// <exception cref="ArgumentException">It takes another number of inputs.</exception>
    internal Tensor CallOf(nn.Module<Tensor, Tensor> model)
    {
        Tensor[] copies = [.. tensors.Select(tensor => tensor.clone())];
        if (model is IModelOfInputs several) return several.forward(copies);
        return Count == 1 ? model.call(copies[0]) : throw new ArgumentException($"It takes one input, and there are {Count}.");
    }

    /// <summary>There must be samples, and a target for each.</summary>
    /// <exception cref="CurvatureException">There are none, or not as many of one as of the other.</exception>
    internal void CheckTargets(Tensor targets)
    {
        if (tensors.Any(input => input.dim() == 0 || input.shape[0] == 0))
            throw new CurvatureException("The batch is empty: inputs need at least one sample in dimension 0.");
        if (tensors.Any(input => input.shape[0] != SampleCount))
            throw new CurvatureException($"The inputs are {this}: the first dimension of each counts the samples, and must be the same.");
        if (targets.dim() == 0 || targets.shape[0] != SampleCount)
        {
            throw new CurvatureException(
                $"{SampleCount} inputs and {(targets.dim() == 0 ? 0 : targets.shape[0])} targets: "
                + "there must be one target for each sample.");
        }
    }

    /// <inheritdoc/>
    public override string ToString() => string.Join(" and ", tensors.Select(TensorText.Describe));

    /// <inheritdoc/>
    public IEnumerator<Tensor> GetEnumerator() => tensors.GetEnumerator();

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var tensor in tensors) tensor.Dispose();
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
