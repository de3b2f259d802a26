using System.Diagnostics.Metrics;
using ActorHutch.Coordinator.Scheduling;
using ActorHutch.Shared.Jobs;

namespace ActorHutch.Coordinator.Dashboard;

/// <summary>A job in numbers, for whoever collects metrics: read off what was seen last when they are collected.</summary>
internal sealed class JobMetrics : IDisposable
{
    private readonly JobFeed _feed;

    public JobMetrics(JobFeed feed)
    {
        _feed = feed;
        Count("chunks.completed", "{chunk}", "Chunks with an accepted result, those of earlier runs included.", state => state.Done.Count);
        Count("chunks.reissued", "{chunk}", "Chunks issued again, because their worker was lost, left or failed.", state => state.Counts.Reissued);
        Count("chunks.failed", "{chunk}", "Attempts at chunks that failed.", state => state.Counts.Failed);
        Count("probes", "{probe}", "Probes of accepted chunks.", state => state.UnitsOf(state.Done.Count));
        Meter.CreateObservableGauge(
            "actorhutch.chunks.left", () => Now(state => (double)(state.ChunkCount - state.Done.Count)), "{chunk}",
            "Chunks without a result; with a relative error to reach, at most so many.");
        Meter.CreateObservableGauge("actorhutch.workers", Workers, "{worker}", "Workers that ever took part, by what they are at.");
        Meter.CreateObservableGauge(
            "actorhutch.trace.estimate", () => OfTrace(trace => trace.Value), null, "The estimate of the trace, or the exact trace.");
        Meter.CreateObservableGauge(
            "actorhutch.trace.standard_error", () => OfTrace(trace => trace.Error), null, "Its standard error; 0 where it is exact.");
    }

    /// <summary>The instruments' meter: one for each job, so that two in one process are not taken for one.</summary>
    public Meter Meter { get; } = new("ActorHutch.Coordinator");

    /// <inheritdoc/>
    public void Dispose() => Meter.Dispose();

    private void Count(string name, string unit, string description, Func<JobState, long> value) =>
        Meter.CreateObservableCounter("actorhutch." + name, () => Now(state => (double)value(state)), unit, description);

    private JobState? State => _feed.Latest.Look.State;

    private IEnumerable<Measurement<double>> Now(Func<JobState, double> value) =>
        State is { } state ? [new Measurement<double>(value(state))] : [];

    private IEnumerable<Measurement<double>> OfTrace(Func<(double Value, double Error), double> value)
    {
        var (look, result) = (_feed.Latest.Look, _feed.Latest.Result);
        var estimate = result is null ? look.Progress?.Estimate : result.Estimate;
        return estimate is null ? [] : [new Measurement<double>(value((estimate.Trace, estimate.StandardError)))];
    }

    private IEnumerable<Measurement<long>> Workers()
    {
        if (State is not { } state) return [];
        var counts = state.Workers.Values.CountBy(WorkerStates.Of).ToDictionary();
        // All of them, so that a state that nobody is in is 0 and not unknown.
        return Enum.GetValues<WorkerStateName>().Select(name => new Measurement<long>(
            counts.GetValueOrDefault(name), KeyValuePair.Create("state", (object?)name.Word())));
    }
}
