using ActorHutch.Shared.CommandLine;
using ActorHutch.Shared.Hosting;
using Serilog.Events;

namespace ActorHutch.Coordinator.JobFiles;

/// <summary>
/// What a job's result does not depend on, beside its workers: the cluster, what is kept, what is written. Null, or
/// false, for what nobody has said.
/// </summary>
internal sealed record RunOptions
{
    /// <summary>What is right for <see cref="VerifyFraction"/>, as the end of a sentence.</summary>
    public const string RightVerifyFraction = "must lie between 0 and 1";

    /// <summary>The least important log lines to write where nothing is said.</summary>
    public const LogEventLevel DefaultLogLevel = LogEventLevel.Warning;

    /// <summary>The place in a cluster of a coordinator of which nothing is said.</summary>
    public static NodeSettings DefaultNode { get; } = new()
    {
        Role = NodeSettings.CoordinatorRole,
        Listen = new HostPort("127.0.0.1", 4053),
        JoinTimeout = TimeSpan.FromSeconds(60),
    };

    /// <summary>Whether the job is computed by workers that join, not in this process.</summary>
    public bool Cluster { get; init; }

    /// <summary>This node's place in the cluster.</summary>
    public NodeSettings Node { get; init; } = DefaultNode;

    /// <summary>Workers to wait for.</summary>
    public int? MinWorkers { get; init; }

    /// <summary>The share of chunks that a second worker computes too.</summary>
    public double? VerifyFraction { get; init; }

    /// <summary>The state directory.</summary>
    public string? State { get; init; }

    /// <summary>Where the report's files are written.</summary>
    public string? Out { get; init; }

    /// <summary>Where TensorBoard finds the result.</summary>
    public string? TensorBoard { get; init; }

    /// <summary>Whether the report has no page and no pictures.</summary>
    public bool NoPage { get; init; }

    /// <summary>Whether vectors of all parameters are written too, beside the report.</summary>
    public bool Vectors { get; init; }

    /// <summary>Where it is shown on a page.</summary>
    public HostPort? Dashboard { get; init; }

    /// <summary>Whether the result is for a program.</summary>
    public bool Json { get; init; }

    /// <summary>Whether nothing but the result is written.</summary>
    public bool Quiet { get; init; }

    /// <summary>What is said of log lines.</summary>
    public LogOptions Log { get; init; } = new();

    /// <summary>The job file that the command line names.</summary>
    public string? JobFile { get; init; }

    /// <summary>Whether the job is to be written and not run.</summary>
    public bool PrintsJob { get; init; }
}
