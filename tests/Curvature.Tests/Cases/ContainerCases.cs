using ActorHutch.Curvature.Modules;
using static TorchSharp.torch.nn;

namespace ActorHutch.Curvature.Tests.Cases;

/// <summary>
/// Layers in layers: nested sequences, sums of branches, and layers that do nothing in evaluation mode.
/// </summary>
internal static class ContainerCases
{
    public static readonly Dictionary<string, ModelCase> Models = new()
    {
        ["nested"] = new(
            () => Sequential(
                Sequential(Linear(4, 3), Tanh()), Sequential(Sequential(Linear(3, 3), Sigmoid()), Linear(3, 2))), [4]),
        ["dropout and identity"] = new(
            () => Sequential(Dropout(), Linear(4, 3), Identity(), Tanh(), Dropout(0.3), Linear(3, 2)), [4]),
        ["dropout of channels"] = new(
            () => Sequential(Conv2d(1, 2, 2), Dropout2d(), Tanh(), Flatten(), Linear(8, 2)), [1, 3, 3]),
        ["dropout of sequences"] = new(() => Sequential(Conv1d(1, 2, 2), Dropout1d(), Tanh(), Conv1d(2, 2, 1)), [1, 3]),
        ["residual"] = new(
            () => Sequential(
                Linear(4, 3), new Residual(Identity(), Sequential(Linear(3, 3), Tanh(), Linear(3, 3))), Linear(3, 2)),
            [4]),
        ["residual first"] = new(
            () => Sequential(new Residual(Identity(), Sequential(Linear(3, 3), Tanh())), Linear(3, 2)), [3]),
        ["residual alone"] = new(() => new Residual(Linear(3, 2), Sequential(Linear(3, 2), Tanh())), [3]),
        ["residual with equal branches"] = new(
            () => Sequential(Linear(3, 2), new Residual(Identity(), Identity(), Tanh()), Linear(2, 2)), [3]),
        ["nested residual"] = new(
            () => Sequential(
                Linear(3, 3), new Residual(Identity(), new Residual(Tanh(), Linear(3, 3))), Linear(3, 2)), [3]),
        ["residual of convolutions"] = new(
            () => Sequential(
                Conv2d(1, 2, 2),
                new Residual(Conv2d(2, 2, 1), Sequential(Conv2d(2, 2, 3, padding: 1), BatchNorm2d(2), ReLU())),
                AdaptiveAvgPool2d(1), Flatten(), Linear(2, 2)),
            [1, 3, 4]),
        ["branches in different layouts"] = new(
            () => Sequential(
                Conv1d(1, 2, 2), new Residual(Linear(4, 4), Conv1d(2, 2, 3, padding: 1), Identity()),
                Tanh(), Linear(4, 2)),
            [1, 5]),
    };
}
