using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using ActorHutch.Coordinator.CommandLine;

namespace ActorHutch.Coordinator.JobFiles;

/// <summary>The JSON schema of job files, made of the same fields that are read: <c>docs/job.schema.json</c>.</summary>
internal static class JobSchema
{
    /// <summary>The property by which a job file names its schema; it says nothing of the job.</summary>
    public const string Reference = "$schema";

    private static readonly JsonSerializerOptions Indented = new()
    {
        WriteIndented = true,
        NewLine = "\n",
        // It is read by people, and never becomes part of a page.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>The schema.</summary>
    public static string Text()
    {
        var descriptions = new OptionSet().OfEstimate()
            .ToDictionary(option => option.Name.TrimStart('-'), option => option.Description ?? "");
        var properties = new JsonObject { [Reference] = JobField.OfType("string") };
        foreach (var field in JobField.All)
        {
            var schema = field.Schema();
            schema["description"] = descriptions.GetValueOrDefault(field.Option, "It " + field.Right)
                + (field.Name.EndsWith("Sha256", StringComparison.Ordinal) ? ": its SHA-256" : "");
            properties[field.Name] = new JsonObject { ["anyOf"] = new JsonArray(schema, JobField.OfType("null")) };
        }

        return new JsonObject
        {
            [Reference] = "https://json-schema.org/draft/2020-12/schema",
            ["title"] = "A job of ActorHutch",
            ["type"] = "object",
            ["properties"] = properties,
            ["additionalProperties"] = false,
        }.ToJsonString(Indented) + "\n";
    }
}
