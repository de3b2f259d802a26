using ActorHutch.Coordinator.Actors;
using ActorHutch.Coordinator.Scheduling;
using ActorHutch.Curvature.Operators;
using ActorHutch.Curvature.Probes;
using ActorHutch.Shared.Jobs;

namespace ActorHutch.Coordinator.Running;

/// <summary>The exact trace: the same machinery with all basis vectors.</summary>
internal static class ExactRun
{
    /// <summary>An exact trace is computed beside an estimate where it takes no more basis vectors than this.</summary>
    private const long CheapLanes = 1024;

    /// <summary>
    /// Runs it where it takes the fewest basis vectors: in output space where that serves the model, in parameter space
    /// otherwise.
    /// </summary>
    public static async Task<JobResult> RunAsync(
        Session session, JobSpec spec, long? laneLimit, IJobObserver? observer, CancellationToken cancellation)
    {
        var inOutputSpace = await session.RunAsync(
            spec with { ProbeSpace = ProbeSpace.Output }, laneLimit, observer, cancellation).ConfigureAwait(false);
        return inOutputSpace.Outcome.End != JobEnd.Refused
            ? inOutputSpace
            : await session.RunAsync(
                spec with { ProbeSpace = ProbeSpace.Parameter }, laneLimit, observer, cancellation).ConfigureAwait(false);
    }

    /// <summary>The exact trace beside an estimate, where it is cheap.</summary>
    /// <param name="session">Where it runs.</param>
    /// <param name="estimate">The estimate's job, whose number type is taken.</param>
    /// <param name="roundingProbes">How many probes tell its rounding error; null for the usual number.</param>
    /// <param name="probes">How many probes the estimate takes, or took.</param>
    /// <param name="observer">Looks on; may be null.</param>
    /// <param name="cancellation">Interrupts it.</param>
    public static Task<JobResult> BesideAsync(
        Session session, JobSpec estimate, long probes, int? roundingProbes, IJobObserver? observer, CancellationToken cancellation)
    {
        var spec = new JobSpec
        {
            Kind = JobKind.Exact,
            Risk = estimate.Risk,
            Matrix = estimate.Matrix,
            Structure = BlockStructure.Block,
            Dtype = estimate.Dtype,
            RoundingProbes = roundingProbes,
        };
        return RunAsync(session, spec, Math.Max(probes, CheapLanes), observer, cancellation);
    }
}
