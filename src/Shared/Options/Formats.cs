using System.Globalization;
using System.Numerics;

namespace ActorHutch.Shared.Options;

/// <summary>The formats that options share.</summary>
public static class Formats
{
    /// <summary>The word that leaves a choice to the program.</summary>
    public const string Auto = "auto";

    /// <summary>A file's name.</summary>
    public static ValueFormat<string> File { get; } = Text("FILE", "must be a file's name");

    /// <summary>A folder's name.</summary>
    public static ValueFormat<string> Folder { get; } = Text("DIR", "must be a folder's name");

    /// <summary>Yes, where it is said; no, where it is not.</summary>
    public static ValueFormat<bool> Flag { get; } = new("", "must be true or false", bool.TryParse) { Json = ["boolean"] };

    /// <summary>Any text.</summary>
    public static ValueFormat<string> Text(string symbol, string right) =>
        Parsed<string>(symbol, right, (text, out value) => (value = text) is not null);

    /// <summary>A value that is written as text in JSON too.</summary>
    public static ValueFormat<T> Parsed<T>(string symbol, string right, ReadText<T> read) => new(symbol, right, read) { Json = ["string"] };

    /// <summary>A number; <c>1e6</c> is a whole one.</summary>
    /// <param name="symbol">What help calls it.</param>
    /// <param name="right">What is right, as the end of a sentence.</param>
    /// <param name="isRight">Whether a number is right; null for all.</param>
    public static ValueFormat<T> Number<T>(
        string symbol = "N", string right = "must be a whole number, at least 1", Func<T, bool>? isRight = null)
        where T : struct, INumber<T> => new(
            symbol, right,
            (text, out value) => T.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value) && isRight?.Invoke(value) != false)
        {
            Json = [typeof(T) == typeof(double) ? "number" : "integer"],
        };

    /// <summary>The same, and a word that stands for a value.</summary>
    public static ValueFormat<T> Or<T>(this ValueFormat<T> format, string word, T meaning)
    {
        ArgumentNullException.ThrowIfNull(format);
        return format with
        {
            Symbol = $"{format.Symbol}|{word}",
            Right = $"{format.Right}, or {word}",
            Read = (text, out value) =>
            {
                value = meaning;
                return text == word || format.Read(text, out value);
            },
            Words = [.. format.Words, word],
        };
    }

    /// <summary>The same, and <see cref="Auto"/>, which is null.</summary>
    public static ValueFormat<T?> OrAuto<T>(this ValueFormat<T> format) where T : struct
    {
        ArgumentNullException.ThrowIfNull(format);
        var nullable = new ValueFormat<T?>(format.Symbol, format.Right, (text, out value) =>
        {
            bool isRight = format.Read(text, out var read);
            value = isRight ? read : null;
            return isRight;
        })
        {
            Words = format.Words,
            Json = format.Json,
        }.Or(Auto, null);
        // Among words alone, it is the first.
        return format.Json.Count > 0 ? nullable : nullable with
        {
            Symbol = $"{Auto}|{format.Symbol}",
            Right = $"must be {Auto}, {format.Right["must be ".Length..]}",
            Words = [Auto, .. format.Words],
        };
    }
}
