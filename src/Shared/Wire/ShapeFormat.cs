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
}
