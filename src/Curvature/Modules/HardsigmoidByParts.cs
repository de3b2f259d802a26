using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Modules;

/// <summary>
/// Hardsigmoid as relu6(x + 3)/6 in float64: libtorch's own derivative holds the 1/6 in single precision there, and has no
/// derivative itself.
/// </summary>
internal sealed class HardsigmoidByParts() : StandIn(nameof(Hardsigmoid))
{
    /// <inheritdoc/>
    public override Tensor forward(Tensor input)
    {
        if (input.dtype != ScalarType.Float64) return input.hardsigmoid();
        using var six = tensor(6.0, ScalarType.Float64, input.device);
        return input.Plus(3).relu6().div(six);
    }
}
