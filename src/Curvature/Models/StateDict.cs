using ActorHutch.Curvature.Data.Arrays;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Models;

/// <summary>A model's parameters and buffers by their names, as PyTorch's <c>state_dict()</c> has them.</summary>
public static class StateDict
{
    /// <summary>PyTorch counts training batches in it; nothing is computed with it.</summary>
    private const string BatchCounter = "num_batches_tracked";

    /// <summary>
    /// Copies weights from a file into a model. Every name must be in both, with one shape; only
    /// <c>num_batches_tracked</c> may be missing or left over, and is not loaded. Numbers are converted to the model's type.
    /// </summary>
    /// <param name="model">The model; if this throws, it is what it was.</param>
    /// <param name="file">The weights.</param>
    /// <exception cref="CurvatureException">
    /// They do not fit the model: the message lists every name that is missing or left over, and every other shape. Or a
    /// weight is not finite: the message says how many and where. Or the file cannot be read.
    /// </exception>
    public static void Load(nn.Module model, ArrayFile file)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(file);
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        (string Name, Tensor Value)[] wanted =
        [
            .. model.named_parameters().Select(p => (p.name, (Tensor)p.parameter)),
            .. model.named_buffers().Where(b => !IsBatchCounter(b.name)).Select(b => (b.name, b.buffer)),
        ];
        var matched = NamedArrays.Match(wanted, file, "The weights", "model", isIgnored: IsBatchCounter);

        // All of them are read and checked before the first is written.
        var values = matched.Select(pair => (pair.Target, Value: NamedArrays.Read(pair.Array, pair.Target.dtype))).ToArray();
        FiniteNumbers.Check(matched.Select((pair, i) => (pair.Array.Name, values[i].Value)), file.Path);
        foreach (var (target, value) in values) target.copy_(value);
    }

    private static bool IsBatchCounter(string name) =>
        name == BatchCounter || name.EndsWith("." + BatchCounter, StringComparison.Ordinal);
}
