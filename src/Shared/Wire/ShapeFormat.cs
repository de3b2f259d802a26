using System.Globalization;

namespace ActorHutch.Shared.Wire;

/// <summary>How tensors' shapes travel, and are kept: <c>20,784</c>; nothing for a number's.</summary>
public static class ShapeFormat
{
    /// <summary>The text of a shape.</summary>
    public static string Write(long[] shape) => string.Join(',', shape);

    /// <summary>The shape of a text.</summary>
    /// <exception cref="WireException">It is none.</exception>
    public static long[] Read(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return text.Length == 0 ? [] : [.. text.Split(',').Select(
            length => int.TryParse(length, NumberStyles.None, CultureInfo.InvariantCulture, out int value) ? value : throw new WireException("A shape has whole numbers."))];
    }

    /// <summary>The shapes of a model's blocks; none where there are none.</summary>
    /// <exception cref="WireException">They are none, or of fewer elements than one or more than an array holds.</exception>
    public static long[][] Read(IEnumerable<string> texts)
    {
        long[][] shapes = [.. texts.Select(Read)];
        Int128 size = 0;
        // A length is below 2^31, so that a product is known to be too large long before it overflows.
        foreach (long[] shape in shapes) size += shape.Aggregate((Int128)1, (product, length) => product > Array.MaxLength ? product : product * length);
        return shapes.Length == 0 || (size >= 1 && size <= Array.MaxLength) ? shapes : throw new WireException($"Blocks of {size} elements are no model's.");
    }
}
