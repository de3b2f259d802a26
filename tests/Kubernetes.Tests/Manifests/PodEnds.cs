using k8s.Models;

namespace ActorHutch.Kubernetes.Tests.Manifests;

/// <summary>What a Job does when a pod of it ended.</summary>
internal enum PodEnd
{
    /// <summary>The pod did what it was there for.</summary>
    Done,

    /// <summary>Another takes its place.</summary>
    Replaced,

    /// <summary>Another takes its place, so often and no more.</summary>
    ReplacedAndCounted,

    /// <summary>All of it has failed.</summary>
    JobFails,
}

/// <summary>A Job's pod failure policy, read as the Job controller does: the first rule that fits counts.</summary>
internal static class PodEnds
{
    /// <summary>What follows from an exit code.</summary>
    /// <param name="workload">A Job.</param>
    /// <param name="exitCode">How its only container ended.</param>
    /// <param name="disrupted">Whether Kubernetes ended the pod for reasons of its own, such as a drain.</param>
    public static PodEnd Of(Workload workload, int exitCode, bool disrupted = false)
    {
        if (exitCode == 0) return PodEnd.Done;
        var fits = workload.Job!.Spec.PodFailurePolicy.Rules.FirstOrDefault(rule => Fits(rule, exitCode, disrupted));
        return fits?.Action switch
        {
            "FailJob" => PodEnd.JobFails,
            "Ignore" => PodEnd.Replaced,
            _ => PodEnd.ReplacedAndCounted,
        };
    }

    private static bool Fits(V1PodFailurePolicyRule rule, int exitCode, bool disrupted) => rule.OnExitCodes is { } codes
        ? codes.Values.Contains(exitCode) == (codes.OperatorProperty == "In")
        : disrupted && rule.OnPodConditions.Any(condition => condition is { Type: "DisruptionTarget", Status: "True" });
}
