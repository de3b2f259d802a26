using System.Globalization;
using System.Runtime.InteropServices;
using ActorHutch.Curvature.Native;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Models.Description;

/// <summary>A layer as a description has it: known, with arguments that have been checked, and not yet made.</summary>
/// <param name="Place">Where it stands, such as <c>layers[3]</c>; empty for the model itself.</param>
internal abstract record DescribedLayer(string Place)
{
    /// <summary>How many numbers its parameters hold.</summary>
    public abstract double Size { get; }

    /// <summary>Makes the module. The caller disposes of it.</summary>
    /// <exception cref="CurvatureException">libtorch does not make it: the message says which layer.</exception>
    public abstract nn.Module<Tensor, Tensor> Make(Placement placement);
}

/// <summary>A layer without layers in it.</summary>
internal sealed record DescribedLeaf(string Place, LeafKind Kind, LayerArguments Arguments) : DescribedLayer(Place)
{
    /// <inheritdoc/>
    public override double Size => Kind.Size(Arguments);

    /// <inheritdoc/>
    public override nn.Module<Tensor, Tensor> Make(Placement placement)
    {
        try
        {
            var module = Kind.Make(Arguments, placement);
            // TorchSharp 0.107 leaves the weight of Embedding to the scope in which it is made, and a model outlives that.
            foreach (var value in module.parameters().Concat(module.buffers())) value.DetachFromDisposeScope();
            return module;
        }
        catch (Exception error) when (error is ExternalException or ArgumentException or NotSupportedException)
        {
            throw new CurvatureException(
                $"{(Place.Length == 0 ? "The model" : Place)} ({Kind.Type}) cannot be made: {LibTorchMessage.Cause(error.Message)}",
                error);
        }
    }
}

/// <summary>A module of other layers.</summary>
internal sealed record DescribedContainer(
    string Place, ContainerKind Kind, IReadOnlyList<IReadOnlyList<(string Name, DescribedLayer Layer)>?> Lists)
    : DescribedLayer(Place)
{
    /// <inheritdoc/>
    public override double Size => Lists.Sum(list => list?.Sum(child => child.Layer.Size) ?? 0);

    /// <summary>The name of a child that has none of its own: PyTorch's, its place in the list.</summary>
    public static string NameOf(int index) => index.ToString(CultureInfo.InvariantCulture);

    /// <inheritdoc/>
    public override nn.Module<Tensor, Tensor> Make(Placement placement)
    {
        var made = new List<nn.Module<Tensor, Tensor>>();
        try
        {
            return Kind.Make([.. Lists.Select(list => list?.Select(child =>
            {
                made.Add(child.Layer.Make(placement));
                return (child.Name, made[^1]);
            }).ToArray())]);
        }
        catch
        {
            foreach (var module in made) module.Dispose();
            throw;
        }
    }
}
