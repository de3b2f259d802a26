using ActorHutch.Coordinator.Scheduling;
using ActorHutch.Curvature.Estimation;
using ActorHutch.Curvature.Operators;
using ActorHutch.Shared.Jobs;
using ActorHutch.Shared.Messages;
using static ActorHutch.Coordinator.Tests.Scheduling.Schedule;

namespace ActorHutch.Coordinator.Tests.Scheduling;

/// <summary>Jobs whose chunks multiply vectors that are not known before the products of the last ones are: four samples in two shards.</summary>
public class JobStateTurnsTests
{
    private static readonly JobSpec Spec = new() { Estimator = Estimator.Eigenvalues, Probes = 40, K = 1 };
    private static readonly ReplicaReady Multiplies = Ready with { ShardSize = 2, Shapes = [[2], []] };

    [Fact]
    public void No_chunk_goes_out_before_its_turn()
    {
        var job = Begun(A);

        Assert.Equal([0L, 1L], Chunks(job.Asks(A, 5)));
        Assert.Empty(job.Delivers(A, Product(0)).Issued);
        Assert.Empty(job.Asks(A).Issued);
        Assert.Empty(job.Delivers(A, Product(1)).Issued);
        Assert.Equal(1, job.State.Released);
        // Whoever waits is given the next ones at once, and not those after them.
        Assert.Equal([2L, 3L], Chunks(job.Happens(new TurnTaken(2))));
        Assert.Empty(job.Asks(A, 5).Issued);
    }

    [Fact]
    public void All_who_wait_get_some_when_their_turn_comes()
    {
        var job = Begun(A, B);
        job.Asks(A, 3).Asks(B, 1);
        foreach (long chunk in (long[])[0, 1]) job.Delivers(A, Product(chunk));

        Assert.Equal([(A, 2L), (B, 3L)], Owners(job.Happens(new TurnTaken(2))));
    }

    [Fact]
    public void What_a_lost_worker_was_at_goes_out_again_in_the_same_turn()
    {
        var job = Begun(A, B);
        job.Asks(A);
        job.Asks(B, 2).Delivers(B, Product(1));

        Assert.Equal([(B, 0L)], Owners(job.Loses(A)));
        job.Delivers(B, Product(0, 2)).Asks(B, 2);
        // Its own shard first.
        Assert.Equal([3L, 2L], Chunks(job.Happens(new TurnTaken(2))));
    }

    /// <summary>A worker that is at a copy would miss its turn.</summary>
    [Fact]
    public void The_slowest_chunk_is_not_copied()
    {
        var job = Begun(new JobPolicy { CopySlowest = true }, A, B);
        job.Asks(A).Asks(B).Delivers(B, Product(1));

        Assert.Empty(job.Asks(B).Issued);
    }

    [Fact]
    public void A_range_and_the_one_before_it_are_verified_and_earlier_ones_are_said_not_to_be()
    {
        var job = Begun(new JobPolicy { VerifyFraction = 1 }, A, B);
        Turn(job, 0);
        Assert.Equal((0L, 0L), (job.State.Counts.Verified, job.State.Counts.Unverified));

        // One of the two is verified in the next range's time.
        Assert.Equal([(B, 0L)], Owners(job.Asks(B)));
        job.Delivers(B, Product(0, 2));
        Assert.Equal(1, job.State.Counts.Verified);
        Turn(job, 1);

        // Of range 0, whose vectors are gone, one is left; those of range 1 may be verified still.
        Assert.Equal((1L, 1L), (job.State.Counts.Verified, job.State.Counts.Unverified));
        Assert.Equal([2L, 3L], job.State.Unconfirmed.Keys);
        Assert.Equal([(B, 2L)], Owners(job.Asks(B)));
    }

    [Fact]
    public void A_verification_whose_vectors_are_gone_meanwhile_is_no_failure_and_its_result_is_compared()
    {
        var job = Begun(new JobPolicy { VerifyFraction = 1 }, A, B);
        Turn(job, 0);
        Assert.Equal([(B, 0L), (B, 1L)], Owners(job.Asks(B, 2)));
        Turn(job, 1);
        Assert.Equal(2, job.State.Counts.Unverified);

        job.Fails(B, 0, attempt: 2);
        Assert.Equal((0L, 0), (job.State.Counts.Failed, job.State.Workers[B].Failures));
        Assert.DoesNotContain(job.State.InFlight, chunk => chunk.Key == 0);

        job.Delivers(B, Product(1, 2));
        Assert.Single(job.Effects.OfType<Compare>());
        Assert.Equal((0L, 1L), (job.State.Counts.Verified, job.State.Counts.Duplicates));
    }

    [Fact]
    public void A_failure_in_its_turn_is_one()
    {
        var job = Begun(new JobPolicy { VerifyFraction = 1 }, A, B);
        Turn(job, 0);
        job.Asks(B);

        job.Fails(B, 0, attempt: 2);

        Assert.Equal((1L, 1), (job.State.Counts.Failed, job.State.Workers[B].Failures));
    }

    [Fact]
    public void Whose_turn_it_is_multiplies_as_many_vectors_as_before()
    {
        var job = new Schedule(Spec with { Probes = 11, VBatch = 4 }, null, A).Says(A, Multiplies);

        Assert.Equal((8L, 4L), (job.State.Probes, job.State.ChunkCount));
    }

    /// <summary>All chunks of the ranges before the last one were done, since they went out in turns.</summary>
    [Theory]
    [InlineData(new long[] { 0 }, 1, new long[] { 1 })]
    [InlineData(new long[] { 1 }, 1, new long[] { 0 })]
    [InlineData(new long[] { 0, 1 }, 2, new long[] { 2, 3 })]
    [InlineData(new long[] { 0, 1, 3 }, 2, new long[] { 2 })]
    [InlineData(new long[] { 0, 1, 2, 3, 4 }, 3, new long[] { 5 })]
    public void A_job_goes_on_in_the_turn_that_it_was_at(long[] done, long released, long[] issued)
    {
        var recovered = new RecoveredJob(Multiplies, [.. done.Select(chunk => new AcceptedChunk(chunk, new WorkerKey("a", 77), "cpu", 0, 0, 0, Product(chunk).Values))]);
        var state = JobState.Start(Job, Spec, new JobPolicy(), [new WorkerRegistered(A, "cpu")], recovered).State;
        Assert.Equal(released, state.Released);

        var ready = state.Apply(new WorkerSaid(A, Multiplies)).State.Apply(new WorkerSaid(A, new RequestWork(Job, 9)));

        Assert.Equal(issued, ready.Effects.OfType<Send>().Select(send => ((RunChunk)send.Message).Chunk));
    }

    private static Schedule Begun(params WorkerKey[] workers) => Begun(null, workers);

    private static Schedule Begun(JobPolicy? policy, params WorkerKey[] workers)
    {
        var job = new Schedule(Spec, policy, workers);
        foreach (var worker in workers) job.Says(worker, Multiplies);
        return job;
    }

    /// <summary>A computes a range, and the next one's turn comes.</summary>
    private static void Turn(Schedule job, long range)
    {
        // Copies for others are none of its business.
        Assert.Equal([2 * range, 2 * range + 1], Owners(job.Asks(A, 2)).Select(one => one.Chunk));
        foreach (long chunk in (long[])[2 * range, 2 * range + 1]) job.Delivers(A, Product(chunk));
        job.Happens(new TurnTaken(range + 2));
    }

    private static ChunkDone Product(long chunk, int attempt = 1) => new(Job, chunk, attempt, new ProbeValues(chunk / 2, 3, [1, 2, chunk]) { Weight = 2 }, 0.25, 0.125);

    private static IEnumerable<long> Chunks(Schedule job) => job.Issued.Select(one => one.Chunk);

    private static IEnumerable<(WorkerKey Worker, long Chunk)> Owners(Schedule job) => job.Issued.Select(one => (one.Worker, one.Chunk));
}
