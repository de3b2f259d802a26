using System.Text.Json.Serialization;
using ActorHutch.Coordinator.JobFiles;
using ActorHutch.Coordinator.Scheduling;
using ActorHutch.Curvature.Estimation;
using ActorHutch.Shared.Jobs;

namespace ActorHutch.Coordinator.Reports;

/// <summary>What a job came to, as <c>--json</c> writes it. Times are seconds.</summary>
internal sealed record Report
{
    /// <summary>The estimator: <c>estimate</c>, <c>exact</c>, ….</summary>
    public required string Kind { get; init; }

    /// <summary>Whether its trace is the exact one, or would have been.</summary>
    [JsonIgnore]
    public bool IsExact => Kind == Estimator.Exact.Name || (Trace is not null && Confidence is null);

    /// <summary>The estimate, or the exact trace; null where there is neither, and where no trace was asked for.</summary>
    public required double? Trace { get; init; }

    /// <summary>s/√V; 0 for an exact trace; null where there are fewer than two probes.</summary>
    public required double? StandardError { get; init; }

    /// <summary>With how many degrees of freedom the standard error is known; null where there is none, or it is 0.</summary>
    public required double? DegreesOfFreedom { get; init; }

    /// <summary>Whether the standard error comes from each sample's own probes, and not from the probes among each other.</summary>
    public required bool BySample { get; init; }

    /// <summary>Student's t interval, wider by what rounding may add; null for an exact trace.</summary>
    public required ConfidenceReport? Confidence { get; init; }

    /// <summary>Probes, basis vectors, products or shards that the trace rests on.</summary>
    public required long Probes { get; init; }

    /// <summary>The part of the samples that was seen, where the interval is about all of them; null where all samples were.</summary>
    public required SeenPart? Part { get; init; }

    /// <summary>What the probes say of the eigenvalues; null for the other estimators.</summary>
    public required SpectrumReport? Spectrum { get; init; }

    /// <summary>The eigenvalues that were looked for; null for the other estimators.</summary>
    public required EigenvaluesReport? Eigenvalues { get; init; }

    /// <summary>How many there would be at most.</summary>
    [JsonIgnore]
    public long Planned { get; init; }

    /// <summary>What rounding adds; null in float64, and where nothing was to be computed in both precisions.</summary>
    public required RoundingReport? Rounding { get; init; }

    /// <summary>The exact trace, where it was computed.</summary>
    public required double? ExactTrace { get; init; }

    /// <summary>In which number type; null where it was not computed.</summary>
    public required string? ExactDtype { get; init; }

    public required string Matrix { get; init; }

    public required string Structure { get; init; }

    /// <summary>Null where the job ended before any replica was ready; so is the reason.</summary>
    public required string? Method { get; init; }

    public required string? MethodReason { get; init; }

    public required string ProbeSpace { get; init; }

    public required string Distribution { get; init; }

    public required ulong Seed { get; init; }

    public required string Dtype { get; init; }

    /// <summary>Probes in a chunk.</summary>
    public required int VBatch { get; init; }

    /// <summary>One of <see cref="StopReasons"/>.</summary>
    public required string StopReason { get; init; }

    public required bool Interrupted { get; init; }

    /// <summary>Why the job failed; null where it did not.</summary>
    public required string? Error { get; init; }

    /// <summary>From the first chunk to the end: over all runs, where the job was stopped and went on.</summary>
    public required double ElapsedSeconds { get; init; }

    /// <summary>Before the first chunk: workers are waited for, replicas made and warmed up.</summary>
    public required double SetupSeconds { get; init; }

    /// <summary>When and where it was computed.</summary>
    public required RunReport Run { get; init; }

    /// <summary>What the run took beside its start and this job: the exact trace beside an estimate, a job in single precision that was not enough.</summary>
    [JsonIgnore]
    public double OtherSeconds => Math.Max(0, Run.TotalSeconds - Run.StartSeconds - (SetupSeconds + ElapsedSeconds - Run.EarlierSeconds));

    public required ReplicaDescription? Model { get; init; }

    public required IReadOnlyList<BlockReport> Blocks { get; init; }

    public required IReadOnlyList<WorkerReport> Workers { get; init; }

    public required ChunkReport Chunks { get; init; }

    /// <summary>Duplicates that were not the same to the last bit: one of the two devices is at fault.</summary>
    public required IReadOnlyList<DisagreementReport> Disagreements { get; init; }

    /// <summary>All that is needed to run the job again: the report is a job file too.</summary>
    public required JobDocument Job { get; init; }

    public required VersionReport Versions { get; init; }
}

/// <summary>A confidence interval.</summary>
internal sealed record ConfidenceReport(double Level, double Low, double High);

/// <summary>One diagonal block; the exact trace, what rounding adds at most, and how many parameters it has, where they are known.</summary>
internal sealed record BlockReport(string Name, double Trace, double? StandardError, double? ExactTrace, double? RoundingBound = null, long? Parameters = null)
{
    /// <summary>The trace a parameter: how sensitive the loss is to noise in them, such as that of quantisation.</summary>
    /// <remarks>Z. Dong et al., «HAWQ-V2: Hessian aware trace-weighted quantization of neural networks», 2020.</remarks>
    [JsonIgnore]
    public double? Average => Parameters > 0 ? Trace / Parameters : null;

    /// <summary>The standard error of <see cref="Average"/>.</summary>
    [JsonIgnore]
    public double? AverageError => Parameters > 0 ? StandardError / Parameters : null;

    /// <summary>The blocks of a job.</summary>
    public static IReadOnlyList<BlockReport> Of(JobResult result, TraceEstimate? exact)
    {
        var replica = result.State.Replica;
        var sizes = replica is not null && replica.Sizes.Count == replica.Blocks.Count ? replica.Blocks.Zip(replica.Sizes, KeyValuePair.Create).ToDictionary() : [];
        return [.. (result.Estimate?.Blocks ?? []).Select(block => new BlockReport(
            block.Name, block.Trace, block.StandardError, exact?.Blocks.FirstOrDefault(other => other.Name == block.Name)?.Trace,
            result.Rounding?.Blocks.FirstOrDefault(other => other.Name == block.Name)?.Bound, sizes.TryGetValue(block.Name, out long size) ? size : null))];
    }
}

/// <summary>One worker, by its accepted chunks; its share is that of all accepted probes.</summary>
/// <remarks>
/// <see cref="ComputeSeconds"/> + <see cref="RoundingSeconds"/> + <see cref="IdleSeconds"/> is the job's <see cref="Report.ElapsedSeconds"/>. Wait is a part of idle; warm-up and transfer were before.
/// </remarks>
internal sealed record WorkerReport(
    string Id, string Device, long Chunks, long Probes, double ComputeSeconds, double WaitSeconds, double WarmUpSeconds,
    double TransferSeconds, double ProbesPerSecond, double Share, string? Problem)
{
    /// <summary>What it took for probes in both precisions.</summary>
    public double RoundingSeconds { get; init; }

    /// <summary>The rest of the job's time: it waited, was not there, or computed what did not count: it failed, or came second.</summary>
    public double IdleSeconds { get; init; }

    /// <summary>The time for which it computed what counts.</summary>
    [JsonIgnore]
    public double BusySeconds => ComputeSeconds + RoundingSeconds;

    /// <summary>What the device is, where it says so: what its rounding depends on.</summary>
    public string Kind { get; init; } = "";

    /// <summary>A digest of what it found for the first probes; null where that is not known. Another one, another rounding.</summary>
    public string? Bits { get; init; }
}

/// <summary>What became of the chunks.</summary>
internal sealed record ChunkReport(
    long Completed, long Reissued, long Copies, long Duplicates, long Verified, long Unverified, long Disagreements,
    long Failed, long Stale);

/// <summary>Two workers of one kind whose results for a chunk differ.</summary>
internal sealed record DisagreementReport(long Chunk, string First, string Second);
