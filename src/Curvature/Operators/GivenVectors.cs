using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Operators;

/// <summary>Vectors of all parameters that somebody wants multiplied, other ones from time to time.</summary>
/// <param name="width">How many at once.</param>
public sealed class GivenVectors(int width = 1)
{
    /// <summary>How many are multiplied at once.</summary>
    public int Width => width;

    /// <summary>
    /// The vectors: a row each, the entries of one block after another in the model's order. Rows are numbered as probes are; null, and other
    /// numbers, stand for random probes.
    /// </summary>
    public ProbeValues? Rows { get; set; }

    /// <summary>Some of the vectors, one tensor a block.</summary>
    /// <param name="blocks">All blocks.</param>
    /// <param name="firstProbe">The first vector's number.</param>
    /// <param name="count">How many.</param>
    /// <returns><c>[count, *block.Shape]</c> each; null where these are not given.</returns>
    internal Tensor[]? Draw(IReadOnlyList<ParameterBlock> blocks, long firstProbe, int count)
    {
        if (Rows is not { } rows || firstProbe < rows.FirstProbe || firstProbe + count > rows.FirstProbe + rows.Count) return null;
        if (rows.Columns != blocks.Sum(block => block.Size))
            throw new CurvatureException($"Vectors of {rows.Columns:N0} entries are none of {blocks.Sum(block => block.Size):N0} parameters.");
        var (dtype, device) = (blocks[0].Parameter.dtype, blocks[0].Parameter.device);
        using var scope = NewDisposeScope();
        var flat = empty([count, rows.Columns], ScalarType.Float64);
        for (int i = 0; i < count; i++) rows[(int)(firstProbe - rows.FirstProbe) + i].CopyTo(MemoryMarshal.Cast<byte, double>(flat[i].bytes));
        var vectors = flat.to(dtype).to(device);
        long offset = 0;
        return [.. blocks.Select(block =>
        {
            var part = vectors.narrow(1, offset, block.Size).reshape([count, .. block.Shape]);
            offset += block.Size;
            return part.MoveToOuterDisposeScope();
        })];
    }
}
