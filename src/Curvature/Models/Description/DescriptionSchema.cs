using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using ActorHutch.Curvature.Graphs;

namespace ActorHutch.Curvature.Models.Description;

/// <summary>The table of layers, and what a graph is, as a JSON schema.</summary>
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
        definitions[GraphReader.Type] = Graph();
        definitions["shape"] = new JsonObject
        {
            ["type"] = "array",
            ["items"] = new JsonObject { ["type"] = "integer", ["minimum"] = 0 },
        };

        var schema = Layer("$schema", new JsonObject { ["type"] = "string" });
        schema["anyOf"]!.AsArray().Add(Reference(GraphReader.Type));
        schema.Insert(0, "$schema", "https://json-schema.org/draft/2020-12/schema");
        schema.Insert(1, "title", "A model of ActorHutch");
        schema.Insert(2, "description", "Layers with PyTorch's class names and constructor arguments, or a graph of ATen's operations.");
        schema["$defs"] = definitions;
        return schema.ToJsonString(Indented) + "\n";
    }

    /// <summary>A graph's form. Which arguments an operation takes is known to its rule.</summary>
    private static JsonNode Graph() => JsonNode.Parse($$$$"""
        {
          "type": "object",
          "properties": {
            "type": {"const": "{{{{GraphReader.Type}}}}"},
            "inputs": {
              "description": "What the model takes, in order. Of several inputs, each is the array of its name in the data.",
              "type": "array", "minItems": 1,
              "items": {
                "anyOf": [
                  {"type": "string"},
                  {
                    "type": "object", "required": ["name"], "additionalProperties": false,
                    "properties": {"name": {"type": "string"}, "dtype": {"enum": {{{{JsonSerializer.Serialize(GraphDtypes.OfInputs.Keys)}}}}}}
                  }
                ]
              }
            },
            "loss": {
              "description": "Whether the last of the inputs are the targets, and the output is the loss: one number, or one for each sample.",
              "type": "boolean", "default": false
            },
            "parameters": {
              "description": "By their names in the weights.", "type": "object",
              "additionalProperties": {
                "type": "object", "required": ["shape"], "additionalProperties": false,
                "properties": {"shape": {"$ref": "#/$defs/shape"}, "trainable": {"type": "boolean", "default": true}}
              }
            },
            "constants": {
              "description": "Buffers and other tensors, by their names in the weights.", "type": "object",
              "additionalProperties": {
                "type": "object", "required": ["shape"], "additionalProperties": false,
                "properties": {"shape": {"$ref": "#/$defs/shape"}, "dtype": {"enum": {{{{JsonSerializer.Serialize(GraphDtypes.All.Keys)}}}}}}
              }
            },
            "nodes": {
              "description": "The operations, each after those whose results it takes.", "type": "array",
              "items": {
                "type": "object", "required": ["name", "operation", "arguments"],
                "properties": {
                  "name": {"type": "string", "minLength": 1},
                  "operation": {"description": "ATen's name.", "type": "string"},
                  "arguments": {
                    "description": "By ATen's names. A value is its name behind %; a size that depends on the batch of N samples is {\"batch\": a, \"plus\": b}, which is a N + b.",
                    "type": "object"
                  }
                }
              }
            },
            "output": {"description": "A value's name behind %.", "type": "string", "pattern": "^%"}
          },
          "required": ["type", "inputs", "nodes", "output"]
        }
        """)!;

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
