using static TorchSharp.torch;

namespace ActorHutch.Curvature;

/// <summary>One trainable parameter tensor: a block of the curvature matrix.</summary>
/// <param name="Name">Its name in the model's state dict, such as <c>1.weight</c>.</param>
/// <param name="Parameter">The tensor itself.</param>
/// <param name="Index">Its place among the trainable parameters, in registration order, from 0.</param>
public sealed record ParameterBlock(string Name, Tensor Parameter, int Index)
{
    /// <summary>The tensor's shape.</summary>
    public long[] Shape => Parameter.shape;

    /// <summary>How many numbers it holds.</summary>
    public long Size => Parameter.numel();
}
