using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace ActorHutch.Curvature.Models.Description;

/// <summary>An integer.</summary>
internal sealed class IntegerArgument(string name, int least = 1, bool takesNull = false) : Argument(name)
{
    /// <inheritdoc/>
    public override string Expected => Numbers.IntegerOf(least) + (takesNull ? ", or null" : "");

    /// <inheritdoc/>
    public override JsonObject Schema => Numbers.OrNull(Numbers.IntegerSchema(least), takesNull);

    /// <inheritdoc/>
    public override bool TryRead(JsonElement given, out object? value)
    {
        value = Numbers.Integer(given, least);
        return value is not null || (takesNull && given.ValueKind == JsonValueKind.Null);
    }
}

/// <summary>A finite number.</summary>
internal sealed class NumberArgument(
    string name, double least = double.NegativeInfinity, double most = double.PositiveInfinity, bool takesNull = false)
    : Argument(name)
{
    /// <inheritdoc/>
    public override string Expected => (least, most) switch
    {
        (double.NegativeInfinity, double.PositiveInfinity) => "a finite number",
        (_, double.PositiveInfinity) => string.Create(CultureInfo.InvariantCulture, $"a number of {least} or more"),
        _ => string.Create(CultureInfo.InvariantCulture, $"a number from {least} to {most}"),
    } + (takesNull ? ", or null" : "");

    /// <inheritdoc/>
    public override JsonObject Schema
    {
        get
        {
            var schema = new JsonObject { ["type"] = "number" };
            if (double.IsFinite(least)) schema["minimum"] = least;
            if (double.IsFinite(most)) schema["maximum"] = most;
            return Numbers.OrNull(schema, takesNull);
        }
    }

    /// <inheritdoc/>
    public override bool TryRead(JsonElement given, out object? value)
    {
        value = null;
        if (given.ValueKind == JsonValueKind.Null) return takesNull;
        if (given.ValueKind != JsonValueKind.Number || !given.TryGetDouble(out double number)) return false;
        value = number;
        return double.IsFinite(number) && number >= least && number <= most;
    }
}

/// <summary>
/// One integer for every dimension, or one for each; PyTorch takes both. The value is a <c>long[]</c> of that rank, a
/// word, or null.
/// </summary>
internal sealed class SizesArgument(string name, int rank, int least = 1, params string[] words) : Argument(name)
{
    /// <summary>Whether null may be given, as for the stride of a pooling.</summary>
    public bool TakesNull { get; init; }

    /// <inheritdoc/>
    public override string Expected =>
        $"{Numbers.IntegerOf(least)}, or a list of {rank} of them"
        + string.Concat(words.Select(word => $", or \"{word}\"")) + (TakesNull ? ", or null" : "");

    /// <inheritdoc/>
    public override JsonObject Schema
    {
        get
        {
            var either = new JsonArray(Numbers.IntegerSchema(least), new JsonObject
            {
                ["type"] = "array",
                ["items"] = Numbers.IntegerSchema(least),
                ["minItems"] = rank,
                ["maxItems"] = rank,
            });
            if (words.Length > 0)
                either.Add((JsonNode)new JsonObject { ["enum"] = new JsonArray([.. words.Select(word => (JsonNode)word)]) });
            if (TakesNull) either.Add((JsonNode)new JsonObject { ["type"] = "null" });
            return new JsonObject { ["anyOf"] = either };
        }
    }

    /// <inheritdoc/>
    public override bool TryRead(JsonElement given, out object? value)
    {
        value = null;
        switch (given.ValueKind)
        {
            case JsonValueKind.Null:
                return TakesNull;
            case JsonValueKind.String:
                value = given.GetString();
                return words.Contains(value);
            case JsonValueKind.Array:
                value = Numbers.Integers(given, least);
                return value is long[] sizes && sizes.Length == rank;
            default:
                if (Numbers.Integer(given, least) is not { } one) return false;
                value = Enumerable.Repeat(one, rank).ToArray();
                return true;
        }
    }
}

/// <summary>An integer or a list of them, of any length: a shape. The value is a <c>long[]</c>.</summary>
internal sealed class ShapeArgument(string name) : Argument(name)
{
    /// <inheritdoc/>
    public override string Expected => $"{Numbers.IntegerOf(1)}, or a list of one or more of them";

    /// <inheritdoc/>
    public override JsonObject Schema => new()
    {
        ["anyOf"] = new JsonArray(Numbers.IntegerSchema(1), new JsonObject
        {
            ["type"] = "array",
            ["items"] = Numbers.IntegerSchema(1),
            ["minItems"] = 1,
        }),
    };

    /// <inheritdoc/>
    public override bool TryRead(JsonElement given, out object? value)
    {
        value = given.ValueKind == JsonValueKind.Array
            ? Numbers.Integers(given, 1)
            : Numbers.Integer(given, 1) is { } one ? new[] { one } : null;
        return value is long[] { Length: > 0 };
    }
}

/// <summary>Integers of JSON, in the range of 32 bits: no size of a layer is larger.</summary>
file static class Numbers
{
    public static string IntegerOf(int least) => least == int.MinValue
        ? "an integer"
        : string.Create(CultureInfo.InvariantCulture, $"an integer of {least} or more");

    public static long? Integer(JsonElement given, int least) =>
        given.ValueKind == JsonValueKind.Number && given.TryGetInt32(out int value) && value >= least ? value : null;

    public static long[]? Integers(JsonElement given, int least)
    {
        long?[] values = [.. given.EnumerateArray().Select(item => Integer(item, least))];
        return values.All(value => value is not null) ? [.. values.Select(value => value!.Value)] : null;
    }

    public static JsonObject IntegerSchema(int least)
    {
        var schema = new JsonObject { ["type"] = "integer", ["maximum"] = int.MaxValue };
        if (least > int.MinValue) schema["minimum"] = least;
        return schema;
    }

    public static JsonObject OrNull(JsonObject schema, bool takesNull) => takesNull
        ? new JsonObject { ["anyOf"] = new JsonArray(schema, new JsonObject { ["type"] = "null" }) }
        : schema;
}
