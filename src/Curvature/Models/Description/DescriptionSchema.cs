using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace ActorHutch.Curvature.Models.Description;

/// <summary>The table of layers as a JSON schema.</summary>
internal static class DescriptionSchema
{
    private static readonly JsonSerializerOptions Indented = new()
    {
        WriteIndented = true,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>The schema's text.</summary>
    public static string Text()
    {
        var definitions = new JsonObject
        {
            ["layer"] = Layer("name", new JsonObject
            {
                ["description"] = "The layer's name in the state dict; its place in the list where it is not given.",
                ["type"] = "string",
                ["pattern"] = "^[^.]+$",
            }),
            ["layers"] = new JsonObject
            {
                ["type"] = "array",
                ["items"] = Reference("layer"),
                ["minItems"] = 1,
            },
        };
        foreach (var kind in LayerTable.All) definitions[kind.Type] = Definition(kind);

        var schema = Layer("$schema", new JsonObject { ["type"] = "string" });
        schema.Insert(0, "$schema", "https://json-schema.org/draft/2020-12/schema");
        schema.Insert(1, "title", "A model of ActorHutch");
        schema.Insert(2, "description", "Layers with PyTorch's class names and constructor arguments.");
        schema["$defs"] = definitions;
        return schema.ToJsonString(Indented) + "\n";
    }

    private static JsonObject Layer(string property, JsonObject schema) => new()
    {
        ["anyOf"] = new JsonArray([.. LayerTable.All.Select(kind => (JsonNode)Reference(kind.Type))]),
        ["properties"] = new JsonObject { [property] = schema },
        ["unevaluatedProperties"] = false,
    };

    private static JsonObject Definition(LayerKind kind)
    {
        var properties = new JsonObject { ["type"] = new JsonObject { ["const"] = kind.Type } };
        var required = new JsonArray("type");
        foreach (var argument in kind.Arguments)
        {
            var schema = argument.Schema;
            if (argument.Default is { } standard) schema["default"] = JsonSerializer.SerializeToNode(standard);
            properties[argument.Name] = schema;
            if (argument.IsRequired) required.Add(argument.Name);
        }

        foreach (string list in (kind as ContainerKind)?.Lists ?? []) properties[list] = Reference("layers");
        if (kind is ContainerKind) required.Add(ContainerKind.Main);
        return new JsonObject { ["type"] = "object", ["properties"] = properties, ["required"] = required };
    }

    private static JsonObject Reference(string definition) => new() { ["$ref"] = "#/$defs/" + definition };
}
