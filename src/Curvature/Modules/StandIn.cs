using static TorchSharp.torch;

namespace ActorHutch.Curvature.Modules;

/// <summary>What PyTorch's layer of that name computes, where TorchSharp's of the same name does not. Only descriptions make it.</summary>
/// <param name="name">PyTorch's class name.</param>
internal abstract class StandIn(string name) : nn.Module<Tensor, Tensor>(name)
{
    /// <summary>The name by which people know a layer: its class's, or that of the layer that it stands in for.</summary>
    public static string NameOf(nn.Module module) => module is StandIn ? module.GetName() : module.GetType().Name;
}
