using System.Text.Json;
using System.Text.Json.Serialization;
using ActorHutch.Coordinator.Actors;
using ActorHutch.Coordinator.JobFiles;
using ActorHutch.Coordinator.Reports;
using ActorHutch.Coordinator.Scheduling;
using ActorHutch.Curvature.Estimation;
using ActorHutch.Curvature.Statistics;

namespace ActorHutch.Coordinator.Dashboard;

/// <summary>What was seen of a job at one time. What a page gets is made of it once, and only where somebody watches.</summary>
internal sealed class JobSight
{
    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase), new ReportJson.FiniteOrNull() },
    };

    private readonly double _level;
    private readonly Lazy<byte[]> _json;

    public JobSight(
        JobDocument job, JobLook look, JobResult? result, Report? report, EndView? end, IReadOnlyList<NewsItem> news, Guid run)
    {
        (Run, Look, Result, IsLast) = (run, look, result, end is not null);
        _level = job.Spec.ConfidenceLevel;
        _json = new Lazy<byte[]>(() => JsonSerializer.SerializeToUtf8Bytes(
            JobViews.Of(run, job, look, result, report, end, news), Options));
    }

    /// <summary>The process.</summary>
    public Guid Run { get; }

    /// <summary>How the job is.</summary>
    public JobLook Look { get; }

    /// <summary>What it came to; null while it runs.</summary>
    public JobResult? Result { get; }

    /// <summary>Whether nothing more will come.</summary>
    public bool IsLast { get; }

    /// <summary>A <see cref="JobView"/> as JSON, in one line.</summary>
    public ReadOnlyMemory<byte> Json => _json.Value;

    /// <summary>Before anything was seen.</summary>
    public static JobSight Nothing(JobDocument job) =>
        new(job, new JobLook(null, null, [], 1), null, null, null, [], Guid.NewGuid());

    /// <summary>
    /// The estimate's history from a point on, as JSON in one line: <c>[probes, trace, half-width]</c> each, which is null
    /// for a single probe.
    /// </summary>
    /// <param name="from">The first point that is not known yet.</param>
    public byte[] History(int from) => JsonSerializer.SerializeToUtf8Bytes(
        new { from, points = Look.Points.Skip(from).Select(Point) }, Options);

    private double[] Point(Moments moments) =>
        [moments.Count, moments.Mean, ConfidenceInterval.ForMean(moments, _level).HalfWidth + (Rounding?.Bound ?? 0)];

    private RoundingError? Rounding => (Result is null ? Look.Progress?.Estimate : Result.Estimate)?.Rounding;
}
