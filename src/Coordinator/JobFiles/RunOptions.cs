using ActorHutch.Shared.Hosting;
using Serilog.Events;

namespace ActorHutch.Coordinator.JobFiles;

/// <summary>
/// What a job's result does not depend on, beside its workers: the cluster, what is kept, what is written. Null, or
/// false, for what nobody has said.
/// </summary>
internal sealed record RunOptions
{
    /// <summary>Whether the job is computed by workers that join, not in this process.</summary>
    public bool Cluster { get; init; }

    /// <summary>Where the node listens.</summary>
    public HostPort? Listen { get; init; }

    /// <summary>Where others find it.</summary>
    public HostPort? Advertise { get; init; }

    /// <summary>Whom it joins.</summary>
    public IReadOnlyList<HostPort>? SeedNodes { get; init; }

    /// <summary>How long it waits for workers, in seconds.</summary>
    public double? JoinTimeout { get; init; }

    /// <summary>Where its health is told.</summary>
    public HostPort? Health { get; init; }

    /// <summary>Its certificate's file.</summary>
    public string? TlsCertificate { get; init; }

    /// <summary>The private key's file.</summary>
    public string? TlsKey { get; init; }

    /// <summary>The authority's file.</summary>
    public string? TlsAuthority { get; init; }

    /// <summary>Whether it may listen to other machines without TLS.</summary>
    public bool Insecure { get; init; }

    /// <summary>Workers to wait for.</summary>
    public int? MinWorkers { get; init; }

    /// <summary>The share of chunks that a second worker computes too.</summary>
    public double? VerifyFraction { get; init; }

    /// <summary>The state directory.</summary>
    public string? State { get; init; }

    /// <summary>Where the report's files are written.</summary>
    public string? Out { get; init; }

    /// <summary>Where it is shown on a page.</summary>
    public HostPort? Dashboard { get; init; }

    /// <summary>Whether the result is for a program.</summary>
    public bool Json { get; init; }

    /// <summary>Whether nothing but the result is written.</summary>
    public bool Quiet { get; init; }

    /// <summary>The least important log lines to write.</summary>
    public LogEventLevel? LogLevel { get; init; }

    /// <summary>How log lines look.</summary>
    public LogFormat? LogFormat { get; init; }
}
