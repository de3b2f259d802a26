using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Modules;

/// <summary>Dropout1d of <c>[N, C, L]</c> and of <c>[C, L]</c>; that of TorchSharp 0.107 refuses the second.</summary>
internal sealed class Dropout1dOfBothRanks(double p) : StandIn(nameof(Dropout1d))
{
    /// <summary>How likely a channel is dropped in training.</summary>
    public double Probability => p;

    /// <inheritdoc/>
    public override Tensor forward(Tensor input) => input.dim() switch
    {
        2 => nn.functional.dropout1d(input.unsqueeze(0), p, training).squeeze(0),
        3 => nn.functional.dropout1d(input, p, training),
        var rank => throw new ArgumentException($"Dropout1d takes 2 or 3 dimensions, and not {rank}."),
    };
}
