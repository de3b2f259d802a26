using ActorHutch.Coordinator.Scheduling;
using ActorHutch.Curvature.Eigenvalues;
using ActorHutch.Shared.Jobs;

namespace ActorHutch.Coordinator.Reports;

/// <summary>The eigenvalues that were found.</summary>
/// <param name="Which">Of which end.</param>
/// <param name="Values">Each with its residual ‖Hx − θx‖, the largest first.</param>
/// <param name="Bound">As many eigenvalues, counted as often as they are there, lie one to one within this of the values.</param>
/// <param name="Tolerance">The residual that was asked for at most.</param>
/// <param name="Measured">Whether the residuals are of products with the vectors themselves.</param>
/// <param name="Converged">Whether no residual is larger than was asked for.</param>
internal sealed record EigenvaluesReport(string Which, IReadOnlyList<Eigenvalue> Values, double Bound, double Tolerance, bool Measured, bool Converged)
{
    /// <summary>Those of a job; null where there are none.</summary>
    public static EigenvaluesReport? Of(JobResult result) => result.Estimate?.Eigenvalues is not { } found ? null : new(
        result.Spec.Eigenvalues.End.Word(), found.Values, found.Bound, found.Tolerance, found.IsMeasured, found.Converged);
}
