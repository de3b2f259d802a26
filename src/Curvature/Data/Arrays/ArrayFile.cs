using System.Collections.ObjectModel;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Data.Arrays;

/// <summary>
/// A file of named arrays. Opening it reads and checks what the file says of its arrays; their elements are read when
/// they are asked for, a range of rows at a time. An instance belongs to one thread at a time.
/// </summary>
public abstract class ArrayFile : IDisposable
{
    /// <summary>The file, as it was named.</summary>
    public abstract string Path { get; }

    /// <summary>The arrays by name, in the file's order. Where the format has no names, the one array is called <c>""</c>.</summary>
    public abstract IReadOnlyList<StoredArray> Arrays { get; }

    /// <summary>What the file says of itself, by name; nothing in formats that have no room for it.</summary>
    public virtual IReadOnlyDictionary<string, string> Metadata => ReadOnlyDictionary<string, string>.Empty;

    /// <summary>Closes the file; its arrays can no longer be read.</summary>
    public abstract void Dispose();
}

/// <summary>One array of a file.</summary>
/// <param name="name">Its name.</param>
/// <param name="shape">Its shape; empty for a single number.</param>
/// <param name="dtype">The type its elements have in memory.</param>
public abstract class StoredArray(string name, long[] shape, ScalarType dtype)
{
    /// <summary>Its name in the file.</summary>
    public string Name => name;

    /// <summary>Its shape; empty for a single number.</summary>
    public IReadOnlyList<long> Shape => shape;

    /// <summary>The type its elements have in memory.</summary>
    public ScalarType Dtype => dtype;

    /// <summary>What the numbers mean in units of what is stored, where the format says so; null where it does not.</summary>
    public InputScale? Scale { get; init; }

    /// <summary>All of it, <c>[…]</c>, on the CPU. The caller disposes of it.</summary>
    /// <exception cref="CurvatureException">The file ends too early, or cannot be read.</exception>
    public abstract Tensor Read();

    /// <summary>
    /// The rows <paramref name="first"/>, …, <c>[count, …]</c>: a range of its first dimension, on the CPU. The caller
    /// disposes of it.
    /// </summary>
    /// <exception cref="CurvatureException">The file ends too early, or cannot be read.</exception>
    public abstract Tensor Read(long first, long count);
}
