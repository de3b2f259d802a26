using System.Text.Json;

namespace ActorHutch.Coordinator.Tests.Reports;

/// <summary>
/// Holds a document against a JSON schema. It knows the few keywords that the project's schemas use, and fails on any
/// other, so that nothing in a schema goes unchecked. A reference leads into a file beside it, in docs.
/// </summary>
internal static class JsonSchemaCheck
{
    private static readonly string[] Annotations = ["$schema", "title", "description"];

    /// <summary>A schema of the project's documentation.</summary>
    public static JsonElement Read(string file) =>
        JsonDocument.Parse(File.ReadAllText(Repository.File("docs/" + file))).RootElement;

    /// <summary>Everything that is wrong with the document, a line each.</summary>
    public static IReadOnlyList<string> Problems(JsonElement schema, JsonElement value)
    {
        var problems = new List<string>();
        Check(schema, value, "$", problems);
        return problems;
    }

    private static void Check(JsonElement schema, JsonElement value, string path, List<string> problems)
    {
        foreach (var keyword in schema.EnumerateObject().Where(keyword => !Annotations.Contains(keyword.Name)))
        {
            bool right = keyword.Name switch
            {
                "type" => Texts(keyword.Value).Any(type => Is(type, value)),
                "enum" => keyword.Value.EnumerateArray().Any(one => JsonElement.DeepEquals(one, value)),
                "minimum" => value.ValueKind != JsonValueKind.Number || value.GetDouble() >= keyword.Value.GetDouble(),
                "exclusiveMinimum" => value.ValueKind != JsonValueKind.Number || value.GetDouble() > keyword.Value.GetDouble(),
                "maximum" => value.ValueKind != JsonValueKind.Number || value.GetDouble() <= keyword.Value.GetDouble(),
                "required" => value.ValueKind != JsonValueKind.Object || Texts(keyword.Value).All(name => value.TryGetProperty(name, out _)),
                "additionalProperties" => !keyword.Value.GetBoolean() && (value.ValueKind != JsonValueKind.Object
                    || value.EnumerateObject().All(property => schema.GetProperty("properties").TryGetProperty(property.Name, out _))),
                "properties" => CheckProperties(keyword.Value, value, path, problems),
                "items" => CheckItems(keyword.Value, value, path, problems),
                "$ref" => CheckReference(keyword.Value.GetString()!, value, path, problems),
                _ => throw new NotSupportedException($"{path}: the check knows no keyword {keyword.Name}."),
            };
            if (!right) problems.Add($"{path}: {keyword.Name} {keyword.Value.GetRawText()} is broken by {value.GetRawText()}");
        }
    }

    private static bool CheckProperties(JsonElement properties, JsonElement value, string path, List<string> problems)
    {
        if (value.ValueKind != JsonValueKind.Object) return true;
        foreach (var property in properties.EnumerateObject())
        {
            if (value.TryGetProperty(property.Name, out var inner)) Check(property.Value, inner, $"{path}.{property.Name}", problems);
        }

        return true;
    }

    private static bool CheckReference(string reference, JsonElement value, string path, List<string> problems)
    {
        string[] parts = reference.Split("#/");
        var schema = Read(parts[0]);
        foreach (string name in parts[1].Split('/')) schema = schema.GetProperty(name);
        Check(schema, value, path, problems);
        return true;
    }

    private static bool CheckItems(JsonElement items, JsonElement value, string path, List<string> problems)
    {
        if (value.ValueKind != JsonValueKind.Array) return true;
        int index = 0;
        foreach (var item in value.EnumerateArray()) Check(items, item, $"{path}[{index++}]", problems);
        return true;
    }

    private static bool Is(string type, JsonElement value) => type switch
    {
        "object" => value.ValueKind == JsonValueKind.Object,
        "array" => value.ValueKind == JsonValueKind.Array,
        "string" => value.ValueKind == JsonValueKind.String,
        "boolean" => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
        "null" => value.ValueKind == JsonValueKind.Null,
        "number" => value.ValueKind == JsonValueKind.Number,
        "integer" => value.ValueKind == JsonValueKind.Number && decimal.TryParse(value.GetRawText(), out decimal number) && decimal.IsInteger(number),
        _ => throw new NotSupportedException($"The check knows no type {type}."),
    };

    private static IEnumerable<string> Texts(JsonElement value) =>
        value.ValueKind == JsonValueKind.Array ? value.EnumerateArray().Select(one => one.GetString()!) : [value.GetString()!];
}
