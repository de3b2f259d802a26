using System.Text.Json;
using System.Text.Json.Nodes;
using ActorHutch.Shared.CommandLine;
using ActorHutch.Shared.Hosting;

namespace ActorHutch.Coordinator.JobFiles;

/// <summary>The fields that say where a job is run, and what becomes of it.</summary>
internal static class RunFields
{
    private const string RightFile = "must be a file's name";

    /// <summary>The fields that have no meaning without a cluster.</summary>
    public static IReadOnlyList<JobField> OfCluster { get; } =
    [
        Address("listen", run => run.Listen, (run, value) => run with { Listen = value }),
        Address("advertise", run => run.Advertise, (run, value) => run with { Advertise = value }),
        new JobField(
            "seedNodes", "seed-nodes", "must be HOST:PORT, or a list of them", true, ReadSeedNodes,
            job => job.Run.SeedNodes is { } nodes ? new JsonArray([.. nodes.Select(node => JsonValue.Create(node.ToString()))]) : null)
        {
            Schema = () => new JsonObject
            {
                ["anyOf"] = new JsonArray(
                    JobField.OfType("string"), new JsonObject { ["type"] = "array", ["items"] = JobField.OfType("string") }),
            },
        },
        JobField.Number<double>("joinTimeout", "join-timeout", NodeOptions.RightTime, job => job.Run.JoinTimeout,
            (job, value) => job.With(job.Run with { JoinTimeout = value }), isRight: NodeOptions.IsTime),
        Address("health", run => run.Health, (run, value) => run with { Health = value }),
        File("tlsCert", "tls-cert", run => run.TlsCertificate, (run, value) => run with { TlsCertificate = value }),
        File("tlsKey", "tls-key", run => run.TlsKey, (run, value) => run with { TlsKey = value }),
        File("tlsCa", "tls-ca", run => run.TlsAuthority, (run, value) => run with { TlsAuthority = value }),
        JobField.Flag("insecure", "insecure", job => job.Run.Insecure, (job, value) => job.With(job.Run with { Insecure = value })),
        JobField.Number<int>("minWorkers", "min-workers", "must be a whole number, at least 1", job => job.Run.MinWorkers,
            (job, value) => job.With(job.Run with { MinWorkers = value })),
    ];

    /// <summary>All of them, in the order in which they are written.</summary>
    public static JobField[] All { get; } =
    [
        JobField.Flag("cluster", "cluster", job => job.Run.Cluster, (job, value) => job.With(job.Run with { Cluster = value })),
        .. OfCluster,
        JobField.Number<double>("verifyFraction", "verify-fraction", "must lie between 0 and 1", job => job.Run.VerifyFraction,
            (job, value) => job.With(job.Run with { VerifyFraction = value })),
        JobField.Text("state", "state", "must be a folder's name", job => job.Run.State,
            (job, value) => job.With(job.Run with { State = value })),
        JobField.Text("out", "out", "must be a folder's name", job => job.Run.Out,
            (job, value) => job.With(job.Run with { Out = value })),
        Address("dashboard", run => run.Dashboard, (run, value) => run with { Dashboard = value }),
        JobField.Flag("json", "json", job => job.Run.Json, (job, value) => job.With(job.Run with { Json = value })),
        JobField.Flag("quiet", "quiet", job => job.Run.Quiet, (job, value) => job.With(job.Run with { Quiet = value })),
        JobField.Word("logLevel", "log-level", NodeOptions.LogLevels, job => job.Run.LogLevel,
            (job, value) => job.With(job.Run with { LogLevel = value })),
        JobField.Word("logFormat", "log-format", NodeOptions.LogFormats, job => job.Run.LogFormat,
            (job, value) => job.With(job.Run with { LogFormat = value })),
    ];

    private static JobField Address(string name, Func<RunOptions, HostPort?> get, Func<RunOptions, HostPort, RunOptions> set) =>
        JobField.Parsed(
            name, name, NodeOptions.RightAddress, text => HostPort.TryParse(text, out var value) ? value : (HostPort?)null,
            job => get(job.Run), (job, value) => job.With(set(job.Run, value)));

    private static JobField File(string name, string option, Func<RunOptions, string?> get, Func<RunOptions, string, RunOptions> set) =>
        JobField.Text(name, option, RightFile, job => get(job.Run), (job, value) => job.With(set(job.Run, value)));

    private static JobDocument? ReadSeedNodes(JsonElement element, JobDocument job)
    {
        IEnumerable<string?> texts = element.ValueKind switch
        {
            JsonValueKind.String => element.GetString()!.Split(',', StringSplitOptions.TrimEntries),
            JsonValueKind.Array => element.EnumerateArray().Select(
                one => one.ValueKind == JsonValueKind.String ? one.GetString() : null),
            _ => new string?[] { null },
        };
        var nodes = new List<HostPort>();
        foreach (string? text in texts)
        {
            if (!HostPort.TryParse(text, out var node)) return null;
            nodes.Add(node);
        }

        return job.With(job.Run with { SeedNodes = nodes });
    }
}
