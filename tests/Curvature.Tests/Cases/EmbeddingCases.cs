using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ActorHutch.Curvature.Tests.Cases;

/// <summary>Embeddings: numbers that repeat within a sample, a padding row, rows that nothing looks up.</summary>
internal static class EmbeddingCases
{
    public static readonly Dictionary<string, ModelCase> Models = new()
    {
        ["embedding"] = Words(() => Sequential(Embedding(4, 2), Tanh(), Flatten(), Linear(6, 2)), 3),
        ["embedding alone"] = Words(() => Embedding(4, 2), 3),
        ["embedding of single numbers"] = Words(() => Sequential(Embedding(4, 3), Tanh(), Linear(3, 2))),
        ["embedding with padding"] = Words(
            () => Sequential(Embedding(4, 2, padding_idx: 1), Linear(2, 3), Tanh(), Flatten(), Linear(9, 2)), 3)
            with
        { HasDifferences = false },
        ["embedding with an unused row"] = Words(() => Sequential(Embedding(6, 2), LayerNorm(2), Linear(2, 2)), 3),
        ["frozen embedding"] = Words(
            () => LinearCases.Frozen(Sequential(Embedding(4, 2), Linear(2, 3), Tanh(), Linear(3, 2)), "0.weight"), 3),
    };

    private static ModelCase Words(Func<Module<Tensor, Tensor>> model, params long[] sample) =>
        new(model, sample) { Inputs = (numbers, shape) => numbers.Classes(4, shape) };
}
