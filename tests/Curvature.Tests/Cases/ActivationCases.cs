using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ActorHutch.Curvature.Tests.Cases;

/// <summary>Every activation with a rule, twice in one network, with its options.</summary>
internal static class ActivationCases
{
    public static readonly Dictionary<string, ModelCase> Models = new()
    {
        ["activation first"] = new(() => Sequential(Tanh(), Linear(4, 3)), [4]),
        ["activation last"] = new(() => Sequential(Linear(4, 3), Tanh()), [4]),
        ["celu"] = Between(() => CELU(1.3)),
        ["elu"] = Between(() => ELU(0.7)),
        ["gelu"] = Between(GELU),
        ["hardsigmoid"] = Between(() => Hardsigmoid()) with { HasAutodiff = false },
        ["hardswish"] = Between(() => Hardswish()),

        // TorchSharp 0.107 has the meaning of inplace the wrong way round here.
        ["hardtanh"] = Between(() => Hardtanh(-0.8, 0.9, inplace: true)),
        ["leaky relu"] = Between(() => LeakyReLU(0.2)),
        ["log-sigmoid"] = Between(LogSigmoid),
        ["mish"] = Between(Mish),
        ["relu"] = Between(() => ReLU()),
        ["relu in place"] = Between(() => ReLU(inplace: true)),
        ["relu6"] = Between(() => ReLU6()),
        ["selu"] = Between(() => SELU()),
        ["sigmoid"] = Between(Sigmoid),
        ["silu"] = Between(SiLU),
        ["silu in place"] = Between(() => SiLU(inplace: true)),
        ["softplus"] = Between(() => Softplus(beta: 2, threshold: 3)),
        ["softsign"] = Between(Softsign),
        ["tanh"] = Between(Tanh),
        ["tanhshrink"] = Between(Tanhshrink),
    };

    private static ModelCase Between(Func<Module<Tensor, Tensor>> activation) => new(
        () => Sequential(Linear(4, 3), activation(), Linear(3, 3), activation(), Linear(3, 2)), [4]);
}
