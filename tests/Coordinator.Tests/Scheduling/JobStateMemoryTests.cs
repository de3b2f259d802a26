using ActorHutch.Coordinator.Scheduling;
using ActorHutch.Fakes;
using ActorHutch.Shared.Jobs;
using ActorHutch.Shared.Messages;
using static ActorHutch.Coordinator.Tests.Scheduling.Schedule;

namespace ActorHutch.Coordinator.Tests.Scheduling;

/// <summary>A job of any length takes the same memory.</summary>
public sealed class JobStateMemoryTests
{
    [Fact]
    public void Of_chunks_that_are_over_a_few_are_remembered_and_of_those_that_are_not_all()
    {
        const int chunks = 3 * JobState.MostRemembered;
        var spec = new JobSpec { Probes = chunks * 10L + 10, VBatch = 10, RoundingProbes = 0 };
        var job = new Schedule(spec, new JobPolicy { VerifyFraction = 1 }, A, B).Says(A, Ready).Says(B, Ready);
        // B has the first one in hand, to confirm it, all the time.
        job.Asks(A).Says(A, Result(0, 1));
        Assert.Equal([(B, 0, 2)], job.Asks(B).Issued);
        int most = 0;
        for (long chunk = 1; chunk < chunks; chunk++)
        {
            job.Asks(A).Says(A, Result(chunk, 1)).Asks(B).Says(B, Result(chunk, 2));
            most = Math.Max(most, job.State.Troubles.Count);
        }

        Assert.Equal(chunks - 1, job.State.Counts.Verified);
        Assert.Equal(0, job.State.Counts.Stale);
        Assert.Equal(JobState.MostRemembered - 1, most);

        // One that is over, and one that is not.
        Assert.Equal(1, job.Says(B, Result(1, 2)).State.Counts.Stale);
        Assert.IsType<Compare>(Assert.Single(job.Says(A, Result(1, 1)).Effects));
        Assert.IsType<Compare>(Assert.Single(job.Says(B, Result(0, 2)).Effects));
        Assert.Equal(chunks, job.State.Counts.Verified);
    }

    private static ChunkDone Result(long chunk, int attempt) => new(Job, chunk, attempt, FakeQuadraticForm.Values(0, chunk * 10, 10), 0.25, 0.125);
}
