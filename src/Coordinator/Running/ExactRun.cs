using ActorHutch.Coordinator.Actors;
using ActorHutch.Coordinator.Scheduling;
using ActorHutch.Curvature.Estimation;
using ActorHutch.Curvature.Operators;
using ActorHutch.Shared.Jobs;

namespace ActorHutch.Coordinator.Running;

/// <summary>The exact trace: the same machinery with all basis vectors.</summary>
internal static class ExactRun
{
    /// <summary>An exact trace is computed beside an estimate where it takes no more basis vectors than this.</summary>
    private const long CheapLanes = 1024;

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
            Estimator = Estimator.Exact,
            ProbeSpace = null,
            Risk = estimate.Risk,
            Matrix = estimate.Matrix,
            Structure = BlockStructure.Block,
            Dtype = estimate.Dtype,
            RoundingProbes = roundingProbes,
        };
        return session.RunAsync(spec, Math.Max(probes, CheapLanes), observer, cancellation);
    }
}
