using System.Text.Json;
using System.Text.Json.Nodes;

namespace ActorHutch.Shared.Options;

/// <summary>Reads a value that is written as text.</summary>
public delegate bool ReadText<T>(string text, out T? value);

/// <summary>How the values of an option are written: as text on a command line, and as JSON in a job file.</summary>
/// <param name="Symbol">What help calls a value; empty for a flag, which takes none.</param>
/// <param name="Right">What is right, as the end of a sentence: <c>must be at least 1</c>.</param>
public abstract record ValueFormat(string Symbol, string Right)
{
    /// <summary>The words that stand for values.</summary>
    public IReadOnlyList<string> Words { get; init; } = [];

    /// <summary>The JSON that stands for values beside <see cref="Words"/>, as a JSON schema names its types.</summary>
    public IReadOnlyList<string> Json { get; init; } = [];

    /// <summary>What a shell is offered. Default: <see cref="Words"/>.</summary>
    public IReadOnlyList<string> Offered { get => field ?? Words; init; }

    /// <summary>Whether a value is a file's name, or a folder's.</summary>
    public bool IsPath => Symbol is "FILE" or "DIR";

    /// <summary>Whether a command line says it without a value.</summary>
    public bool IsFlag => Symbol.Length == 0;

    /// <summary>The parts of a text that are no values, and what would be right there; none where it can be read.</summary>
    public abstract IEnumerable<(string Part, string Right)> Wrong(string text);

    /// <summary>What JSON is right, as a JSON schema says it.</summary>
    public virtual JsonObject Schema() => AnyOf(Schemas());

    /// <summary>A JSON value as the text of the command line; null where it is JSON of another type.</summary>
    /// <exception cref="InvalidOperationException">It holds half of a surrogate pair, which is no text.</exception>
    public virtual string? TextOf(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.String when Json.Contains("string") || Words.Contains(element.GetString(), StringComparer.OrdinalIgnoreCase) => element.GetString(),
        JsonValueKind.Number when Json.Contains("integer") || Json.Contains("number") => element.GetRawText(),
        JsonValueKind.True or JsonValueKind.False when Json.Contains("boolean") => element.GetRawText(),
        _ => null,
    };

    /// <summary>The schemas of the types and of the words.</summary>
    private protected IEnumerable<JsonObject> Schemas()
    {
        if (Json.Count == 1) yield return OfType(Json[0]);
        if (Json.Count > 1) yield return new JsonObject { ["type"] = new JsonArray([.. Json.Select(type => JsonValue.Create(type))]) };
        if (Words.Count > 0) yield return new JsonObject { ["enum"] = new JsonArray([.. Words.Select(word => JsonValue.Create(word))]) };
    }

    /// <summary>The schema of values that one of the schemas describes.</summary>
    private protected static JsonObject AnyOf(IEnumerable<JsonObject> schemas) => schemas.ToArray() is [var one]
        ? one : new JsonObject { ["anyOf"] = new JsonArray([.. schemas]) };

    private protected static JsonObject OfType(string type) => new() { ["type"] = type };
}

/// <summary>How values of a type are written.</summary>
/// <param name="Symbol">What help calls a value; empty for a flag.</param>
/// <param name="Right">What is right, as the end of a sentence.</param>
/// <param name="Read">Reads a text.</param>
public record ValueFormat<T>(string Symbol, string Right, ReadText<T> Read) : ValueFormat(Symbol, Right)
{
    /// <inheritdoc/>
    public override IEnumerable<(string Part, string Right)> Wrong(string text) => Read(text, out _) ? [] : [(text, Right)];
}

/// <summary>How a list of values is written: with commas between them, or as a JSON array.</summary>
/// <param name="Item">How each is written.</param>
public sealed record ListFormat<T>(ValueFormat<T> Item) : ValueFormat<IReadOnlyList<T>>(
    $"{Item.Symbol},…", $"{Item.Right}, or a list of them", (text, out values) => ReadAll(Item, text, out values))
{
    /// <inheritdoc/>
    public override IEnumerable<(string Part, string Right)> Wrong(string text) => Split(text).SelectMany(Item.Wrong);

    /// <inheritdoc/>
    public override JsonObject Schema() => AnyOf(
        [Item.Schema(), new JsonObject { ["type"] = "array", ["items"] = Item.Schema() }]);

    /// <inheritdoc/>
    public override string? TextOf(JsonElement element)
    {
        if (element.ValueKind != JsonValueKind.Array) return Item.TextOf(element);
        string?[] texts = [.. element.EnumerateArray().Select(Item.TextOf)];
        return texts.Contains(null) ? null : string.Join(',', texts);
    }

    private static string[] Split(string text) => text.Split(',', StringSplitOptions.TrimEntries);

    private static bool ReadAll(ValueFormat<T> item, string text, out IReadOnlyList<T> values)
    {
        var read = new List<T>();
        foreach (string part in Split(text))
        {
            if (item.Read(part, out var value)) read.Add(value!);
        }

        values = read;
        return read.Count == Split(text).Length;
    }
}
