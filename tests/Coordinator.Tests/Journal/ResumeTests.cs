using System.Collections.Concurrent;
using ActorHutch.Coordinator.Actors;
using ActorHutch.Coordinator.JobFiles;
using ActorHutch.Coordinator.Journal;
using ActorHutch.Coordinator.Scheduling;
using ActorHutch.Fakes;
using ActorHutch.GpuWorker.Actors;
using ActorHutch.Shared.Hosting;
using ActorHutch.Shared.Jobs;
using ActorHutch.Shared.Messages;
using ActorHutch.Shared.Wire;
using Akka.Actor;
using Akka.Configuration;

namespace ActorHutch.Coordinator.Tests.Journal;

/// <summary>Actor systems that end abruptly, and others that go on with the same state directory.</summary>
public sealed class ResumeTests : IDisposable
{
    private static readonly JobSpec Spec = new() { Probes = 500, VBatch = 10, Seed = 3 };

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(null)]
    [InlineData(0.002)]
    public async Task Killed_half_way_it_computes_what_is_missing_and_ends_with_the_same_bits(double? relativeError)
    {
        var spec = Spec with { RelativeError = relativeError };
        var uninterrupted = await Run(new FakeReplicaFactory(), spec);
        await RunUntil(probe: 250, spec);

        var computed = new ConcurrentBag<long>();
        var resumed = await Run(new FakeReplicaFactory { OnEvaluate = (first, _, _) => computed.Add(first) }, spec, _folder.Path);

        Assert.Equal(Bits(uninterrupted), Bits(resumed));
        // The chunk at which it died may have been kept just then.
        Assert.InRange(resumed.State.Recovered, 1, 26);
        // The warm-up computes the first chunk's probes once more.
        long[] chunks = [.. computed.Where(first => first != 0).Select(first => first / 10).Order()];
        Assert.Equal(resumed.State.Done.Count - resumed.State.Recovered, chunks.Length);
        Assert.Equal(chunks, chunks.Distinct());
        Assert.True(chunks[0] >= resumed.State.Recovered);
    }

    [Fact]
    public async Task Killed_again_and_again_it_still_ends()
    {
        var uninterrupted = await Run(new FakeReplicaFactory(), Spec);
        foreach (long probe in (long[])[100, 200, 300, 400]) await RunUntil(probe, Spec);

        Assert.Equal(Bits(uninterrupted), Bits(await Run(new FakeReplicaFactory(), Spec, _folder.Path)));
    }

    [Fact]
    public async Task Its_timeline_has_the_chunks_of_all_its_runs_one_run_after_another()
    {
        foreach (long probe in (long[])[150, 300]) await RunUntil(probe, Spec);

        var resumed = await Run(new FakeReplicaFactory(), Spec, _folder.Path);
        var again = await Run(new FakeReplicaFactory(), Spec, _folder.Path);

        foreach (var timeline in (Timeline[])[resumed.Record!.Timeline, again.Record!.Timeline])
        {
            Assert.Equal(Enumerable.Range(0, 50).Select(chunk => (long)chunk).Prepend(JobState.BothPrecisions), timeline.Entries.Select(entry => entry.Chunk).Order());
            Assert.All(timeline.Entries, entry => Assert.Equal((AttemptFate.Accepted, "worker-1"), (entry.Fate, entry.Worker.Id)));
            // One worker, so one chunk after another, in the job's own time.
            double free = 0;
            foreach (var entry in timeline.Entries.OrderBy(entry => entry.Chunk))
            {
                Assert.True(entry.Start >= free && entry.End >= entry.Start, $"{entry} overlaps what came before, until {free} s");
                free = entry.End;
            }

            Assert.InRange(free, 0, resumed.Elapsed.TotalSeconds);
        }

        Assert.True(resumed.Record.Timeline.Entries.Select(entry => entry.Worker).Distinct().Count() > 1, "there was one run alone");
    }

    [Fact]
    public async Task A_finished_job_is_not_computed_again()
    {
        var first = await Run(new FakeReplicaFactory(), Spec, _folder.Path);

        var again = await Run(Nobody, Spec, _folder.Path);

        Assert.Equal(Bits(first), Bits(again));
        Assert.Equal((first.Elapsed, first.Setup), (again.Elapsed, again.Setup));
        Assert.Equal(first.State.Counts, again.State.Counts with { Disagreements = first.State.Counts.Disagreements });
        Assert.Equal(
            first.State.Workers.Values.Select(worker => (worker.Device, worker.ChunksDone, worker.ComputeSeconds)),
            again.State.Workers.Values.Select(worker => (worker.Device, worker.ChunksDone, worker.ComputeSeconds)));
    }

    /// <summary>
    /// A job that takes more or fewer of the same probes takes what is there. Its chunks are whole numbers of 10 probes, and the last
    /// one of 505 probes is computed again where it has 10.
    /// </summary>
    [Theory]
    [InlineData(500, null, 900, null, 500, 900)]
    [InlineData(505, null, 900, null, 500, 900)]
    [InlineData(500, null, 905, null, 500, 910)]
    [InlineData(7, null, 40, null, 0, 40)]
    [InlineData(900, null, 500, null, 0, 0)]
    [InlineData(900, null, 495, null, 490, 500)]
    [InlineData(1000, 0.05, 1000, 0.002, 20, 1000)]
    [InlineData(1000, 0.002, 1000, 0.05, 0, 0)]
    [InlineData(100, null, 1000, 0.002, 100, 1000)]
    public async Task A_job_that_ends_later_or_sooner_takes_what_is_there_and_has_the_bits_of_a_single_run(
        long probes, double? error, long laterProbes, double? laterError, long from, long below)
    {
        // As many in both precisions, whatever V is.
        var spec = Spec with { Probes = probes, RelativeError = error, RoundingProbes = 4 };
        var later = spec with { Probes = laterProbes, RelativeError = laterError };
        var single = await Run(new FakeReplicaFactory(), later);
        var first = await Run(new FakeReplicaFactory(), spec, _folder.Path);

        var computed = new ConcurrentBag<long>();
        var extended = await Run(new FakeReplicaFactory { OnEvaluate = (at, _, _) => computed.Add(at) }, later, _folder.Path);

        Assert.Equal(Bits(single), Bits(extended));
        Assert.Equal(Bits(single), Bits(await Run(Nobody, later, _folder.Path)));
        Assert.Equal(Bits(first), Bits(await Run(Nobody, spec, _folder.Path)));
        // The warm-up computes the first chunk's probes once more.
        Assert.All(computed.Where(at => at != 0), at => Assert.InRange(at, from, below - 1));
        if (laterError is null) Assert.Equal((below - from) / 10, extended.State.Done.Count - extended.State.Recovered);
        // Its time includes that of the chunks that are not its own.
        Assert.All(extended.Record!.Timeline.Entries, entry => Assert.InRange(entry.End, 0, extended.Elapsed.TotalSeconds));
    }

    [Fact]
    public async Task A_job_that_another_one_has_extended_goes_on_itself()
    {
        await RunUntil(100, Spec);
        await RunUntil(300, Spec with { Probes = 900 });
        await RunUntil(400, Spec);

        var whole = await Run(new FakeReplicaFactory(), Spec, _folder.Path);

        Assert.Equal(Bits(await Run(new FakeReplicaFactory(), Spec)), Bits(whole));
        Assert.InRange(whole.State.Recovered, 25, 41);
        Assert.Equal(50, whole.State.Workers.Values.Sum(worker => worker.ChunksDone));
        var timeline = whole.Record!.Timeline.Entries.Where(entry => !JobState.IsComparison(entry.Chunk)).ToArray();
        Assert.Equal(Enumerable.Range(0, 50).Select(chunk => (long)chunk), timeline.Select(entry => entry.Chunk).Order());
    }

    [Fact]
    public async Task Chunks_that_somebody_took_out_of_a_finished_job_are_computed_again()
    {
        var first = await Run(new FakeReplicaFactory(), Spec, _folder.Path);
        Sqlite.Execute(_folder.File("journal.db"), "DELETE FROM journal WHERE manifest = 'chunks'");

        Assert.Equal(Bits(first), Bits(await Run(new FakeReplicaFactory(), Spec, _folder.Path)));
    }

    [Fact]
    public async Task An_event_that_is_damaged_is_told_and_nothing_is_computed()
    {
        await Run(new FakeReplicaFactory(), Spec, _folder.Path);
        Sqlite.Execute(_folder.File("journal.db"), "UPDATE journal SET message = zeroblob(length(message)) WHERE manifest = 'chunks'");

        var error = await Assert.ThrowsAsync<StateDirectoryException>(() => Run(new FakeReplicaFactory(), Spec, _folder.Path));

        Assert.Contains("cannot be read", error.Message, StringComparison.Ordinal);
        Assert.Contains("checksum", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_journal_that_cannot_be_written_any_more_ends_the_job()
    {
        var factory = new FakeReplicaFactory
        {
            // The tables go away between two chunks.
            OnEvaluate = (first, _, _) =>
            {
                if (first == 250) Sqlite.Execute(_folder.File("journal.db"), "DROP TABLE journal");
            },
        };

        var result = await Run(factory, Spec, _folder.Path);

        Assert.Equal(JobEnd.Failed, result.Outcome.End);
        Assert.Contains("journal cannot be written", result.Outcome.Message, StringComparison.Ordinal);
    }

    private static FakeReplicaFactory Nobody => new() { OnCreate = _ => throw new InvalidOperationException("Nobody needs a replica.") };

    private static string Bits(JobResult result) => string.Join(' ',
        new[] { result.Estimate!.Trace, result.Estimate.StandardError, result.Probes }
            .Concat(result.Estimate.Blocks.Select(block => block.Trace))
            .Select(BitConverter.DoubleToInt64Bits)) + result.Outcome.End;

    /// <summary>Runs until a probe is about to be computed and something is on the disk, and ends without a word.</summary>
    private async Task RunUntil(long probe, JobSpec spec)
    {
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var ended = new ManualResetEventSlim();
        var factory = new FakeReplicaFactory
        {
            OnEvaluate = (first, _, _) =>
            {
                if (first != probe) return;
                while (Convert.ToInt64(Sqlite.Execute(_folder.File("journal.db"), "SELECT COUNT(*) FROM journal WHERE manifest = 'chunks'")) == 0)
                    Thread.Yield();
                reached.SetResult();
                ended.Wait(CancellationToken.None);
            },
        };
        using var state = StateDirectory.Open(_folder.Path, new JobDocument(spec, new ExecutionSettings()));
        var system = ActorSystem.Create("dies", Configuration(state));
        var run = Start(system, factory, spec, journaled: true);
        await reached.Task;
        var termination = system.Terminate();
        ended.Set();
        await termination;
        await Assert.ThrowsAsync<InvalidOperationException>(() => run);
    }

    private static async Task<JobResult> Run(FakeReplicaFactory factory, JobSpec spec, string? folder = null)
    {
        using var state = folder is null ? null : StateDirectory.Open(folder, new JobDocument(spec, new ExecutionSettings()));
        using var system = ActorSystem.Create("runs", Configuration(state));
        var result = await Start(system, factory, spec, state is not null);
        await system.Terminate();
        return result;
    }

    /// <summary>As narrow as a cluster's: what may travel must not keep the journal from being written.</summary>
    private static Config Configuration(StateDirectory? state) =>
        (state?.Configuration ?? Config.Empty)
            .WithFallback(ConfigurationFactory.ParseString(
                "akka { actor.provider = remote, remote.dot-netty.tcp { hostname = 127.0.0.1, port = 0 } }"))
            .WithFallback(WireConfiguration.Configuration)
            .WithFallback(ActorHutchSystem.Configuration);

    private static Task<JobResult> Start(ActorSystem system, FakeReplicaFactory factory, JobSpec spec, bool journaled)
    {
        var coordinator = system.ActorOf(CoordinatorActor.Props(journaled: journaled), CoordinatorAddress.Name);
        system.ActorOf(WorkerActor.Props(new WorkerSettings("worker-1", "cpu"), factory));
        return new JobClient(system, coordinator).RunAsync(spec, new JobPolicy { KeepsRecord = true });
    }
}
