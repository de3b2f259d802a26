using System.Text.Json;

namespace ActorHutch.Processes;

/// <summary>What <c>--json</c> wrote.</summary>
internal sealed record JobReport(JsonElement Json)
{
    public static JobReport Of(ProgramRun run) => new(JsonDocument.Parse(run.Output).RootElement);

    /// <summary>Everything that must be the same to the last bit, as it is written: numbers read back to the same bits.</summary>
    public string Bits => string.Join('\n',
        ((string[])["trace", "standardError", "confidence", "exactTrace", "probes", "blocks"])
        .Select(name => $"{name}: {Json.GetProperty(name).GetRawText()}"));

    /// <summary>All of it but when and where it ran.</summary>
    public string WithoutRun => string.Join('\n', Json.EnumerateObject().Where(property => property.Name != "run").Select(property => property.ToString()));

    public string[] Workers => [.. Json.GetProperty("workers").EnumerateArray().Select(worker => worker.GetProperty("id").GetString()!)];

    public long Chunks(string count) => Json.GetProperty("chunks").GetProperty(count).GetInt64();
}
