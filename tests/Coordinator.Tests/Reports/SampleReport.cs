using ActorHutch.Coordinator.JobFiles;
using ActorHutch.Coordinator.Reports;
using ActorHutch.Coordinator.Scheduling;
using ActorHutch.Curvature.Estimation;
using ActorHutch.Curvature.Operators;
using ActorHutch.Fakes;
using ActorHutch.Shared.Jobs;

namespace ActorHutch.Coordinator.Tests.Reports;

/// <summary>A report of a job that did not run: the same each time.</summary>
internal static class SampleReport
{
    public const int Chunk = 20;

    /// <summary>An estimate by two workers, from the fake's values.</summary>
    public static Report Of(int probes, double? exact = FakeQuadraticForm.Trace, params string[] blocks)
    {
        var accumulator = new TraceAccumulator(["first.weight", "second.weight"]);
        foreach (var chunk in Values(probes)) accumulator.Add(chunk);
        var estimate = accumulator.Estimate();
        if (blocks.Length == 0) blocks = ["first.weight", "second.weight"];
        return new Report
        {
            Kind = "estimate",
            Trace = estimate.Trace,
            StandardError = estimate.StandardError,
            DegreesOfFreedom = 29,
            BySample = false,
            Confidence = new ConfidenceReport(0.95, estimate.Confidence.Low, estimate.Confidence.High),
            Probes = probes,
            Part = null,
            Spectrum = null,
            Eigenvalues = null,
            Rounding = null,
            ExactTrace = exact,
            ExactDtype = exact is null ? null : "float32",
            Matrix = "hessian",
            Structure = "block",
            Method = "quadratic",
            MethodReason = "every layer has a rule",
            ProbeSpace = "parameter",
            Distribution = "rademacher",
            Seed = 0,
            Dtype = "float32",
            VBatch = Chunk,
            StopReason = "completed",
            Interrupted = false,
            Error = null,
            ElapsedSeconds = 1.25,
            SetupSeconds = 0.75,
            Run = Run,
            Model = new ReplicaDescription("sample", new string('a', 64), 30, 4) { Loss = new("cross-entropy", "mean", "asked for") },
            Blocks = [.. blocks.Select((name, b) => new BlockReport(
                name, estimate.Blocks[b % 2].Trace, estimate.Blocks[b % 2].StandardError, exact is null ? null : b % 2 == 0 ? 10 : 2))],
            Workers =
            [
                new WorkerReport("worker-1", "cpu", 3, 60, 0.5, 0.1, 0.2, 0, 120, 0.6, null) { IdleSeconds = 0.75 },
                new WorkerReport("worker-2", "cpu", 2, 40, 0.25, 0.1, 0.2, 0, 160, 0.4, null) { RoundingSeconds = 0.375, IdleSeconds = 0.625 },
            ],
            Chunks = new ChunkReport(5, 0, 0, 0, 0, 0, 0, 0, 0),
            Disagreements = [],
            Job = JobDocument.Default,
            Versions = new VersionReport("1", "2", "3", "4"),
        };
    }

    /// <summary>When and where it might have been.</summary>
    public static RunReport Run { get; } = new("2026-01-31T12:00:00+01:00", 3.5, 1, null, new MachineReport("A processor", 4, "An operating system"));

    /// <summary>Its probes' values, in chunks.</summary>
    public static IReadOnlyList<ProbeValues> Values(int probes) =>
    [
        .. Enumerable.Range(0, (probes + Chunk - 1) / Chunk)
            .Select(chunk => FakeQuadraticForm.Values(0, chunk * Chunk, Math.Min(Chunk, probes - chunk * Chunk))),
    ];

    /// <summary>How it came about.</summary>
    public static JobRecord Record(int probes) => new(["first.weight", "second.weight"], Values(probes), new EstimateHistory(), Timeline);

    /// <summary>A second of two workers, with one of each thing that may become of a chunk.</summary>
    public static Timeline Timeline { get; } = new(
        [
            Entry(0, 1, 1, 0.0, 0.4, AttemptFate.Accepted), Entry(1, 1, 2, 0.0, 0.2, AttemptFate.Failed),
            Entry(1, 2, 2, 0.2, 0.5, AttemptFate.Accepted), Entry(2, 1, 1, 0.4, 0.7, AttemptFate.Unanswered),
            Entry(2, 2, 2, 0.5, 0.8, AttemptFate.Duplicate), Entry(3, 1, 2, 0.8, 1.0, AttemptFate.Accepted),
        ],
        0);

    private static TimelineEntry Entry(long chunk, int attempt, int worker, double start, double end, AttemptFate fate) =>
        new(chunk, attempt, new WorkerKey($"worker-{worker}", 1), start, end, fate);
}
