using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using ActorHutch.Shared.Options;

namespace ActorHutch.Coordinator.JobFiles;

/// <summary>The JSON schema of job files, made of the options: <c>docs/job.schema.json</c>.</summary>
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
    /// <param name="entries">The options there are; null for all.</param>
    public static string Text(IEnumerable<OptionEntry<JobDocument>>? entries = null)
    {
        var properties = new JsonObject { [Reference] = new JsonObject { ["type"] = "string" } };
        foreach (var entry in JobOptions.OfFiles(entries))
        {
            var schema = entry.Format.Schema();
            schema["description"] = entry.Help;
            properties[entry.Field] = new JsonObject { ["anyOf"] = new JsonArray(schema, new JsonObject { ["type"] = "null" }) };
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
