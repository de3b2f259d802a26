namespace ActorHutch.Shared.Jobs;

/// <summary>What a job computes from the quadratic forms of its probes.</summary>
public enum JobKind
{
    /// <summary>An estimate of the trace: the mean over random probes, with its standard error.</summary>
    Estimate,

    /// <summary>The trace itself: the sum over all basis vectors.</summary>
    Exact,
}
