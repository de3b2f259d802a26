using ActorHutch.Coordinator.Scheduling;
using ActorHutch.Shared.Messages;
using static ActorHutch.Coordinator.Tests.Scheduling.Schedule;

namespace ActorHutch.Coordinator.Tests.Scheduling;

/// <summary>Workers must compute the same thing, and where they do not, the majority is believed.</summary>
public class JobStateAgreementTests
{
    private static readonly WorkerKey C = new("c", 1);
    private static readonly ReplicaReady OtherModel = Ready with { Model = Ready.Model with { Sha256 = "other" } };
    private static readonly ReplicaReady OtherBits = Ready with { Bits = 1 };
    private static readonly JobPolicy Three = new() { MinWorkers = 3 };

    [Fact]
    public void A_replica_unlike_the_one_that_the_job_began_with_takes_no_part()
    {
        var job = Begun(null, A).Happens(new WorkerRegistered(B, "cpu")).Says(B, OtherModel);

        Assert.Equal(WorkerPhase.Failed, job.State.Workers[B].Phase);
        Assert.Empty(job.Asks(B).Issued);
        Assert.Equal(1, job.State.Counts.Stale);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void Of_three_replicas_the_odd_one_takes_no_part_whoever_was_first(int odd)
    {
        WorkerKey[] workers = [A, B, C];
        var job = new Schedule(null, Three, workers);
        for (int i = 0; i < 3; i++) job.Says(workers[i], i == odd ? OtherModel : Ready);

        Assert.Equal(JobPhase.Running, job.State.Phase);
        Assert.Equal("00ff", job.State.Replica!.Model.Sha256);
        Assert.Equal("its replica differs from the other workers'", job.State.Workers[workers[odd]].Problem);
        Assert.Empty(job.Asks(workers[odd]).Issued);
    }

    [Fact]
    public void Of_two_replicas_nobody_knows_which_is_right()
    {
        var job = new Schedule(null, new JobPolicy { MinWorkers = 2 }, A, B).Says(A, Ready).Says(B, OtherModel);

        Assert.Equal(JobPhase.Preparing, job.State.Phase);
        Assert.Contains(new StartWorkerWait(new JobPolicy().WorkerWait), job.Effects);

        Assert.Equal(
            "The workers have different replicas, and no replica has a majority: a; b.", job.Happens(new WorkerWaitOver()).Outcome?.Message);
    }

    [Fact]
    public void A_third_decides_between_two_replicas()
    {
        var job = new Schedule(null, new JobPolicy { MinWorkers = 2 }, A, B).Says(A, OtherModel).Says(B, Ready);

        job.Happens(new WorkerRegistered(C, "cpu")).Says(C, Ready);

        Assert.Equal((JobPhase.Running, "00ff"), (job.State.Phase, job.State.Replica!.Model.Sha256));
        Assert.Equal(WorkerPhase.Failed, job.State.Workers[A].Phase);
        Assert.False(job.State.WaitsForWorkers);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void Of_three_workers_of_one_kind_the_one_with_other_bits_is_not_what_it_says(int odd)
    {
        WorkerKey[] workers = [A, B, C];
        var job = new Schedule(null, Three, workers);
        for (int i = 0; i < 3; i++) job.Says(workers[i], i == odd ? OtherBits : Ready);

        Assert.Equal(JobPhase.Running, job.State.Phase);
        Assert.Equal("its first values are not those of the other workers of its kind", job.State.Workers[workers[odd]].Problem);
        Assert.Empty(job.State.Counts.Disagreements);
    }

    [Fact]
    public void Of_two_workers_of_one_kind_with_other_bits_both_are_named_once()
    {
        var job = Begun(null, A).Happens(new WorkerRegistered(B, "cpu")).Says(B, OtherBits);
        job.Reports(B, 2).Says(B, OtherBits);

        Assert.Equal([new Disagreement(0, A, B)], job.State.Counts.Disagreements);
        Assert.Single(job.Asks(B).Issued);
    }

    [Fact]
    public void Who_was_outvoted_later_and_has_computed_is_named_since_the_result_may_be_wrong()
    {
        var job = Begun(null, A).Asks(A, 2).Delivers(A, 0);
        foreach (var late in (WorkerKey[])[B, C]) job.Happens(new WorkerRegistered(late, "cpu")).Says(late, OtherBits);

        Assert.Equal(WorkerPhase.Failed, job.State.Workers[A].Phase);
        Assert.NotEmpty(job.State.Counts.Disagreements);
        Assert.Equal([(B, 1, 2)], job.Asks(B).Issued);
    }

    [Fact]
    public void Workers_of_two_kinds_may_find_other_bits_and_are_not_held_against_each_other()
    {
        var job = Begun(new JobPolicy { VerifyFraction = 1 }, A).Happens(new WorkerRegistered(B, "cpu", "another kind")).Says(B, OtherBits)
            .Asks(A, 2);

        Assert.Equal([(B, 2, 1)], job.Delivers(A, 0).Asks(B).Issued);
        Assert.Empty(job.Happens(new DuplicateCompared(0, A, B, Agree: false)).State.Counts.Disagreements);
    }
}
