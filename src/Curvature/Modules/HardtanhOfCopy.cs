using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Modules;

/// <summary>
/// Hardtanh as it should be: that of TorchSharp 0.107 returns its input unchanged unless it works in place, and in
/// place it overwrites what the layer before has recorded.
/// </summary>
internal sealed class HardtanhOfCopy(double least, double most) : StandIn(nameof(Hardtanh))
{
    /// <inheritdoc/>
    public override Tensor forward(Tensor input) => nn.functional.hardtanh(input.clone(), least, most, inplace: true);
}
