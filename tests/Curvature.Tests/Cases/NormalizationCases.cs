using static TorchSharp.torch.nn;

namespace ActorHutch.Curvature.Tests.Cases;

/// <summary>Normalisations first, last and between other layers, with and without scale and shift.</summary>
internal static class NormalizationCases
{
    public static readonly Dictionary<string, ModelCase> Models = new()
    {
        ["batch norm"] = new(() => Sequential(Linear(4, 3), BatchNorm1d(3), Tanh(), Linear(3, 2)), [4]),
        ["batch norm first"] = new(() => Sequential(BatchNorm1d(4), Tanh(), Linear(4, 2)), [4]),
        ["batch norm last"] = new(() => Sequential(Linear(4, 3), Tanh(), BatchNorm1d(3)), [4]),
        ["batch norm without scale"] = new(
            () => Sequential(Linear(4, 3), BatchNorm1d(3, affine: false), Tanh(), Linear(3, 2)), [4]),
        ["batch norm with frozen scale"] = new(
            () => LinearCases.Frozen(Sequential(Linear(4, 3), BatchNorm1d(3), Tanh(), Linear(3, 2)), "1.weight"), [4]),
        ["batch norm with frozen shift"] = new(
            () => LinearCases.Frozen(Sequential(Linear(4, 3), BatchNorm1d(3), Tanh(), Linear(3, 2)), "1.bias"), [4]),
        ["batch norm of sequences"] = new(
            () => Sequential(Conv1d(1, 2, 2), BatchNorm1d(2), Tanh(), Conv1d(2, 2, 2)), [1, 4]),
        ["batch norm of images"] = new(
            () => Sequential(Conv2d(1, 2, 2, bias: false), BatchNorm2d(2), ReLU(), Conv2d(2, 2, 2), BatchNorm2d(2)),
            [1, 3, 4]),
        ["layer norm"] = new(() => Sequential(Linear(4, 3), LayerNorm(3), Tanh(), Linear(3, 2)), [4]),
        ["layer norm first"] = new(() => Sequential(LayerNorm(4), Tanh(), Linear(4, 2)), [4]),
        ["layer norm last"] = new(() => Sequential(Linear(4, 3), Tanh(), LayerNorm(3)), [4]),
        ["layer norm without scale"] = new(
            () => Sequential(Linear(4, 3), LayerNorm(3, elementwise_affine: false), Linear(3, 2)), [4]),
        ["layer norm without shift"] = new(
            () => Sequential(Linear(4, 3), LayerNorm(3, bias: false), Linear(3, 2)), [4]),
        ["layer norm with frozen scale"] = new(
            () => LinearCases.Frozen(Sequential(Linear(4, 3), LayerNorm(3), Linear(3, 2)), "1.weight"), [4]),
        ["layer norm with a large epsilon"] = new(
            () => Sequential(Linear(4, 3), LayerNorm(3, eps: 0.5), Linear(3, 2)), [4]),
        ["layer norm of sequences"] = new(
            () => Sequential(Linear(3, 4), LayerNorm(4), GELU(), Linear(4, 2)), [2, 3]),
        ["layer norm of images"] = new(
            () => Sequential(Conv2d(1, 2, 2), LayerNorm([2, 2, 3]), Tanh(), Conv2d(2, 2, 2)), [1, 3, 4]),
        ["layer norm of the last two dimensions"] = new(
            () => Sequential(Conv2d(1, 2, 2), LayerNorm([2, 3]), Conv2d(2, 2, 2)), [1, 3, 4]),
    };
}
