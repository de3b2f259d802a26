using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ActorHutch.Curvature.Tests.Cases;

/// <summary>Pooling layers with their options, before and behind other layers.</summary>
internal static class PoolingCases
{
    public static readonly Dictionary<string, ModelCase> Models = new()
    {
        ["max pooling"] = Image(() => MaxPool2d(2)),
        ["overlapping max pooling"] = Image(() => MaxPool2d(3, stride: 1, padding: 1)),
        ["dilated max pooling"] = Image(() => MaxPool2d(2, stride: 1, dilation: 2)),
        ["max pooling with ceiling"] = Image(() => MaxPool2d(3, stride: 2, ceil_mode: true)),
        ["average pooling"] = Image(() => AvgPool2d(2)),
        ["padded average pooling"] = Image(() => AvgPool2d(3, stride: 2, padding: 1, count_include_pad: false)),
        ["adaptive average pooling"] = Image(() => AdaptiveAvgPool2d((2, 3))),
        ["max pooling of sequences"] = Series(() => MaxPool1d(2, stride: 1)),
        ["average pooling of sequences"] = Series(() => AvgPool1d(3, stride: 2, padding: 1)),
        ["adaptive average pooling of sequences"] = Series(() => AdaptiveAvgPool1d(2)),
        ["pooling first and last"] = new(
            () => Sequential(MaxPool2d(2), Conv2d(1, 2, 2), Tanh(), AvgPool2d(2)), [1, 6, 6]),
        ["global pooling"] = new(
            () => Sequential(Conv2d(1, 3, 2), Tanh(), AdaptiveAvgPool2d(1), Flatten(), Linear(3, 2)), [1, 4, 4]),
    };

    private static ModelCase Image(Func<Module<Tensor, Tensor>> pool) =>
        new(() => Sequential(Conv2d(1, 2, 2), Tanh(), pool(), Conv2d(2, 2, 1)), [1, 5, 6]);

    private static ModelCase Series(Func<Module<Tensor, Tensor>> pool) =>
        new(() => Sequential(Conv1d(1, 2, 2), Tanh(), pool(), Conv1d(2, 2, 1)), [1, 6]);
}
