using ActorHutch.Shared.Hosting;
using k8s.Models;

namespace ActorHutch.Kubernetes.Tests.Manifests;

/// <summary>What the Jobs make of the programs' exit codes.</summary>
public sealed class JobPolicyTests
{
    [Theory]
    [MemberData(nameof(Overlay.Names), MemberType = typeof(Overlay))]
    public void A_pod_that_ends_is_counted_replaced_or_the_last(string name)
    {
        foreach (var workload in Overlay.RenderOrSkip(name).Workloads.Where(workload => workload.Job is not null))
        {
            Assert.Equal(PodEnd.Done, PodEnds.Of(workload, ExitCode.Done));
            Assert.Equal(PodEnd.JobFails, PodEnds.Of(workload, ExitCode.BadInput));
            Assert.Equal(PodEnd.ReplacedAndCounted, PodEnds.Of(workload, ExitCode.Failed));
            Assert.Equal(PodEnd.Replaced, PodEnds.Of(workload, ExitCode.Interrupted));
            // Killed, for its memory for instance; or with its node.
            Assert.Equal(PodEnd.ReplacedAndCounted, PodEnds.Of(workload, 137));
            Assert.Equal(PodEnd.Replaced, PodEnds.Of(workload, 137, disrupted: true));
        }
    }

    [Theory]
    [MemberData(nameof(Overlay.Names), MemberType = typeof(Overlay))]
    public void Names_are_stable_and_no_two_pods_have_one(string name)
    {
        foreach (var workload in Overlay.RenderOrSkip(name).Workloads.Where(workload => workload.Job is not null))
        {
            var job = workload.Job!.Spec;
            Assert.Equal("Indexed", job.CompletionMode);
            Assert.Equal(job.Completions, job.Parallelism);
            Assert.Equal("Failed", job.PodReplacementPolicy);
            Assert.Equal("Never", job.Template.Spec.RestartPolicy);
            Assert.NotNull(job.BackoffLimit);
            Assert.NotNull(job.TtlSecondsAfterFinished);
            Assert.All(job.PodFailurePolicy.Rules.Where(rule => rule.OnExitCodes is not null),
                rule => Assert.Equal(workload.Container.Name, rule.OnExitCodes.ContainerName));
        }
    }

    [Theory]
    [MemberData(nameof(Overlay.Names), MemberType = typeof(Overlay))]
    public void There_is_one_coordinator_and_workers_that_end_with_it_if_they_are_a_job(string name)
    {
        var overlay = Overlay.RenderOrSkip(name);

        Assert.Equal(1, overlay.Coordinator.Pods);
        Assert.Null(overlay.Coordinator.Job!.Spec.SuccessPolicy);
        bool ends = overlay.Workers.Job is not null;
        Assert.Equal(ends, overlay.Workers.Container.Args.Contains("--until-job-done"));
        if (ends) Assert.Equal(1, Assert.Single(overlay.Workers.Job!.Spec.SuccessPolicy.Rules).SucceededCount);
        else Assert.Equal("Parallel", overlay.The<V1StatefulSet>().Spec.PodManagementPolicy);
    }

    /// <summary>A worker finishes for up to 20 seconds what it began; then it says goodbye.</summary>
    [Theory]
    [MemberData(nameof(Overlay.Names), MemberType = typeof(Overlay))]
    public void The_grace_period_is_longer_than_a_chunk_may_take(string name) =>
        Assert.All(Overlay.RenderOrSkip(name).Workloads,
            workload => Assert.True(workload.Template.Spec.TerminationGracePeriodSeconds >= 40));
}
