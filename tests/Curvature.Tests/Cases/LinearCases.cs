using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ActorHutch.Curvature.Tests.Cases;

/// <summary>Linear layers, what is frozen in them, what they share, and their sizes.</summary>
internal static class LinearCases
{
    public static readonly Dictionary<string, ModelCase> Models = new()
    {
        ["linear"] = new(() => Linear(4, 3, hasBias: false), [4]),
        ["linear with bias"] = new(() => Linear(4, 3), [4]),
        ["two linear layers"] = new(() => Sequential(Linear(4, 3), Linear(3, 2)), [4]),
        ["without biases"] = new(
            () => Sequential(Linear(4, 3, hasBias: false), Tanh(), Linear(3, 2, hasBias: false)), [4]),
        ["three layers"] = new(
            () => Sequential(Linear(4, 3), Sigmoid(), Linear(3, 4, hasBias: false), Tanh(), Linear(4, 2)), [4]),
        ["flatten"] = new(() => Sequential(Flatten(), Linear(6, 3), Tanh(), Linear(3, 2)), [1, 2, 3]),
        ["flatten after a layer"] = new(() => Sequential(Linear(3, 2), Tanh(), Flatten(), Linear(4, 3)), [2, 3]),
        ["partial flatten"] = new(() => Sequential(Linear(2, 3), Tanh(), Flatten(1, 2), Linear(3, 2)), [2, 3, 2]),
        ["sequence"] = new(() => Sequential(Linear(4, 3), Tanh(), Linear(3, 2)), [3, 4]),
        ["frozen first weight"] = new(() => Frozen(ThreeLayers(), "0.weight"), [4]),
        ["frozen last layer"] = new(() => Frozen(ThreeLayers(), "4.weight", "4.bias"), [4]),
        ["frozen biases"] = new(() => Frozen(ThreeLayers(), "0.bias", "2.bias", "4.bias"), [4]),
        ["frozen middle layer"] = new(() => Frozen(ThreeLayers(), "2.weight", "2.bias"), [4]),
        ["tied weights"] = new(Tied, [3]),
        ["one layer twice"] = new(() => Twice(Linear(3, 3)), [3]),
        ["a batch of one"] = new(() => Sequential(Linear(4, 3), Tanh(), Linear(3, 2)), [4], Samples: 1),
        ["sizes of one"] = new(() => Sequential(Linear(1, 1), Tanh(), Linear(1, 2)), [1], Samples: 3),
        ["ragged sizes"] = new(
            () => Sequential(Linear(13, 7), Tanh(), Linear(7, 5), Sigmoid(), Linear(5, 3)), [13], Samples: 11),
    };

    /// <summary>The same model, with some parameters that do not count.</summary>
    public static Sequential Frozen(Sequential model, params string[] names)
    {
        foreach (var (name, parameter) in model.named_parameters())
        {
            if (names.Contains(name)) parameter.requires_grad_(false);
        }

        return model;
    }

    private static Sequential ThreeLayers() => Sequential(Linear(4, 3), Tanh(), Linear(3, 3), Sigmoid(), Linear(3, 2));

    private static Sequential Tied()
    {
        // In float64 from the start: TorchSharp's conversion of a module would dispose the tensor that both hold.
        var first = Linear(3, 3, dtype: ScalarType.Float64);
        var second = Linear(3, 3, dtype: ScalarType.Float64);
        second.weight = first.weight;
        return Sequential(first, Tanh(), second, Tanh(), Linear(3, 2));
    }

    private static Sequential Twice(Module<Tensor, Tensor> layer) => Sequential(layer, Tanh(), layer, Linear(3, 2));
}
