using System.Text.Json;
using System.Text.Json.Nodes;

namespace ActorHutch.Curvature.Models.Description;

/// <summary>One argument of a layer, by the name that it has in PyTorch's constructor.</summary>
internal abstract class Argument(string name)
{
    /// <summary>PyTorch's name.</summary>
    public string Name => name;

    /// <summary>Whether it has to be given.</summary>
    public bool IsRequired { get; init; }

    /// <summary>Its value where it is not given.</summary>
    public object? Default { get; init; }

    /// <summary>What may be given, in words that follow «must be».</summary>
    public abstract string Expected { get; }

    /// <summary>What may be given, in the words of JSON Schema.</summary>
    public abstract JsonObject Schema { get; }

    /// <summary>Takes what was given; false where that is not <see cref="Expected"/>.</summary>
    public abstract bool TryRead(JsonElement given, out object? value);
}

/// <summary>true or false, or only one of them where layer rules and autodiff can serve no other.</summary>
internal sealed class FlagArgument(string name, bool? only = null) : Argument(name)
{
    /// <inheritdoc/>
    public override string Expected => only switch
    {
        null => "true or false",
        true => "true: another value is not served",
        false => "false: another value is not served",
    };

    /// <inheritdoc/>
    public override JsonObject Schema => only is { } one ? new() { ["const"] = one } : new() { ["type"] = "boolean" };

    /// <inheritdoc/>
    public override bool TryRead(JsonElement given, out object? value)
    {
        value = given.ValueKind switch { JsonValueKind.True => true, JsonValueKind.False => false, _ => null };
        return value is bool flag && (only is null || flag == only);
    }
}

/// <summary>One of some words.</summary>
internal sealed class WordArgument(string name, params string[] words) : Argument(name)
{
    /// <inheritdoc/>
    public override string Expected => "one of " + string.Join(", ", words.Select(word => $"\"{word}\""));

    /// <inheritdoc/>
    public override JsonObject Schema => new() { ["enum"] = new JsonArray([.. words.Select(word => (JsonNode)word)]) };

    /// <inheritdoc/>
    public override bool TryRead(JsonElement given, out object? value)
    {
        value = given.ValueKind == JsonValueKind.String ? given.GetString() : null;
        return value is string word && words.Contains(word);
    }
}

/// <summary>Nothing but null: an option of PyTorch's that has no curvature that could be served.</summary>
internal sealed class AbsentArgument(string name, string reason) : Argument(name)
{
    /// <inheritdoc/>
    public override string Expected => $"null: {reason}";

    /// <inheritdoc/>
    public override JsonObject Schema => new() { ["type"] = "null" };

    /// <inheritdoc/>
    public override bool TryRead(JsonElement given, out object? value)
    {
        value = null;
        return given.ValueKind == JsonValueKind.Null;
    }
}
