using static TorchSharp.torch;

namespace ActorHutch.Curvature.Models.Description;

/// <summary>Number type and device of the parameters that a layer makes.</summary>
internal sealed record Placement(ScalarType Dtype, Device Device);

/// <summary>A layer or a container that a description can name.</summary>
/// <param name="Type">PyTorch's class name.</param>
/// <param name="Arguments">Its arguments, in PyTorch's order.</param>
internal abstract record LayerKind(string Type, IReadOnlyList<Argument> Arguments);

/// <summary>A layer without layers in it.</summary>
/// <param name="Type">PyTorch's class name.</param>
/// <param name="Arguments">Its arguments, in PyTorch's order.</param>
/// <param name="Make">Makes the module.</param>
internal sealed record LeafKind(
    string Type, IReadOnlyList<Argument> Arguments, Func<LayerArguments, Placement, nn.Module<Tensor, Tensor>> Make)
    : LayerKind(Type, Arguments)
{
    /// <summary>What is wrong with arguments that are right one by one; null where nothing is.</summary>
    public Func<LayerArguments, (string Argument, string Problem)?> Check { get; init; } = _ => null;

    /// <summary>How many numbers its parameters hold; a double, because nobody has checked them yet.</summary>
    public Func<LayerArguments, double> Size { get; init; } = _ => 0;
}

/// <summary>A module of other layers.</summary>
/// <param name="Type">PyTorch's class name.</param>
/// <param name="Lists">Its lists of layers: <c>layers</c>, which it must have, and those that it may have.</param>
/// <param name="Make">Makes the module of the lists that were given, in the same order; null for one that was not.</param>
internal sealed record ContainerKind(
    string Type, IReadOnlyList<string> Lists,
    Func<IReadOnlyList<IReadOnlyList<(string Name, nn.Module<Tensor, Tensor> Layer)>?>, nn.Module<Tensor, Tensor>> Make)
    : LayerKind(Type, [])
{
    /// <summary>The list that every container has.</summary>
    public const string Main = "layers";
}
