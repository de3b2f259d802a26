namespace ActorHutch.Coordinator.Scheduling;

/// <summary>How a job ended.</summary>
internal enum JobEnd
{
    /// <summary>All chunks are done.</summary>
    Completed,

    /// <summary>The stopping rule was satisfied before all chunks were done.</summary>
    TargetReached,

    /// <summary>The user wanted no more.</summary>
    Interrupted,

    /// <summary>The job cannot be computed as it is described.</summary>
    Refused,

    /// <summary>An exact trace would take more basis vectors than the policy allows.</summary>
    TooManyLanes,

    /// <summary>Single precision is not enough for what is asked for.</summary>
    Imprecise,

    /// <summary>The job could not finish.</summary>
    Failed,
}

/// <summary>How a job ended, and why.</summary>
/// <param name="End">How.</param>
/// <param name="Message">What to tell the user; null where there is nothing to tell.</param>
internal sealed record JobOutcome(JobEnd End, string? Message = null);
