using ActorHutch.Curvature.Data.Bytes;

namespace ActorHutch.Curvature.Data.Arrays;

/// <summary>Shapes that a file declares.</summary>
internal static class ArrayShape
{
    /// <summary>As many dimensions as NumPy has; libtorch's operations end there, too.</summary>
    public const int MaxRank = 64;

    /// <summary>How many bytes an array of this shape takes in its file.</summary>
    /// <exception cref="CurvatureException">More than a file could hold, or too many dimensions.</exception>
    public static long ByteCount(ByteSource source, IReadOnlyList<long> shape, int elementSize)
    {
        if (shape.Count > MaxRank)
            throw source.Wrong($"an array of {shape.Count} dimensions is declared; at most {MaxRank} are read.");

        // Where one dimension is 0 the others must make sense all the same: libtorch multiplies them for its strides.
        long size = 8;
        foreach (long length in shape)
        {
            if (length < 0) throw source.Wrong($"the shape {Text(shape)} has a negative dimension.");
            if (Math.BigMul(size, Math.Max(length, 1), out long product) is not 0 || product < 0)
                throw source.Wrong($"the shape {Text(shape)} is more than any file can hold: its header is damaged.");
            size = product;
        }

        return shape.Contains(0) ? 0 : size / 8 * elementSize;
    }

    /// <summary><c>[2, 3]</c>.</summary>
    public static string Text(IReadOnlyList<long> shape) =>
        $"[{string.Join(", ", shape.Take(MaxRank))}{(shape.Count > MaxRank ? ", …" : "")}]";
}
