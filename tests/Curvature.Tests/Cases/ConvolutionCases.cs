using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch.nn;

namespace ActorHutch.Curvature.Tests.Cases;

/// <summary>Convolutions with every option, first in a network and behind another layer.</summary>
internal static class ConvolutionCases
{
    public static readonly Dictionary<string, ModelCase> Models = new()
    {
        ["convolution alone"] = new(() => Conv2d(2, 3, 2), [2, 3, 4]),
        ["two convolutions"] = new(() => Sequential(Conv2d(1, 2, 2), Tanh(), Conv2d(2, 2, 2)), [1, 4, 4]),
        ["convolutions without biases"] = new(
            () => Sequential(Conv2d(1, 2, 2, bias: false), Sigmoid(), Conv2d(2, 2, 2, bias: false)), [1, 4, 3]),
        ["convolution and linear"] = new(
            () => Sequential(Conv2d(1, 2, 3), Tanh(), Flatten(), Linear(8, 3)), [1, 4, 4]),
        ["strided convolutions"] = new(
            () => Sequential(Conv2d(1, 2, 2, stride: 2), Tanh(), Conv2d(2, 2, (2, 1), stride: (1, 2))), [1, 5, 6]),
        ["padded convolutions"] = new(
            () => Sequential(Conv2d(1, 2, 3, padding: 1), Tanh(), Conv2d(2, 2, (3, 2), padding: (2, 1))), [1, 3, 3]),
        ["convolutions padded to same"] = new(
            () => Sequential(Conv2d(1, 2, 3, Padding.Same), Tanh(), Conv2d(2, 2, 3, Padding.Valid)), [1, 3, 4]),
        ["dilated convolutions"] = new(
            () => Sequential(Conv2d(1, 2, 2, dilation: 2), Tanh(), Conv2d(2, 2, (1, 2), dilation: (1, 3))), [1, 4, 6]),
        ["grouped convolutions"] = new(
            () => Sequential(Conv2d(2, 4, 2, groups: 2), Tanh(), Conv2d(4, 2, 2, groups: 2)), [2, 3, 3]),
        ["depthwise and pointwise"] = new(
            () => Sequential(Conv2d(2, 4, 2, groups: 2), SiLU(), Conv2d(4, 2, 1)), [2, 3, 3]),
        ["one-dimensional convolutions"] = new(
            () => Sequential(Conv1d(2, 3, 3, padding: 2, stride: 2), Tanh(), Conv1d(3, 2, 2, dilation: 2)), [2, 6]),
        ["grouped one-dimensional convolutions"] = new(
            () => Sequential(Conv1d(2, 4, 2, groups: 2), Tanh(), Conv1d(4, 4, 2, groups: 4), Flatten(), Linear(12, 2)),
            [2, 5]),
        ["frozen convolution"] = new(
            () => LinearCases.Frozen(Sequential(Conv2d(1, 2, 2), Tanh(), Conv2d(2, 2, 2)), "0.weight", "2.bias"),
            [1, 3, 4]),
        ["one convolution twice"] = new(() => Twice(Conv2d(2, 2, 2)), [2, 3, 4]),
        ["a convolution of one image"] = new(
            () => Sequential(Conv2d(1, 2, 2), Tanh(), Conv2d(2, 2, 2)), [1, 3, 3], Samples: 1),
        ["linear between convolutions"] = new(
            () => Sequential(Conv2d(1, 2, 2), Tanh(), Linear(3, 2), Tanh(), Conv2d(2, 2, (2, 1))), [1, 3, 4]),
    };

    private static Sequential Twice(Conv2d layer) =>
        Sequential(layer, Tanh(), layer);
}
