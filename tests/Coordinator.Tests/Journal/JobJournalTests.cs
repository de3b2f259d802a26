using ActorHutch.Coordinator.JobFiles;
using ActorHutch.Coordinator.Journal;
using ActorHutch.Coordinator.Scheduling;
using ActorHutch.Coordinator.Tests.Scheduling;
using ActorHutch.Curvature.Estimation;
using ActorHutch.Fakes;
using ActorHutch.Shared.Hosting;
using ActorHutch.Shared.Jobs;
using Akka.Actor;
using Akka.Configuration;
using Akka.TestKit.Xunit;

namespace ActorHutch.Coordinator.Tests.Journal;

/// <summary>A job's journal on a real database; the test is its parent.</summary>
public sealed class JobJournalTests : TestKit
{
    private const int Many = 10_000;
    private static readonly JobSpec Spec = new();

    private readonly StateDirectory _state;
    private readonly TemporaryFolder _folder;

    public JobJournalTests() : this(new TemporaryFolder())
    {
    }

    private JobJournalTests(TemporaryFolder folder) : this(folder, StateDirectory.Open(folder.Path, new JobDocument(Spec, new ExecutionSettings())))
    {
    }

    private JobJournalTests(TemporaryFolder folder, StateDirectory state) : base(Configuration(state)) =>
        (_folder, _state) = (folder, state);

    [Fact]
    public void An_empty_journal_holds_nothing()
    {
        Open();

        Assert.Equal(new JournalOpened(null, TimeSpan.Zero, null), ExpectMsg<JournalOpened>());
    }

    [Fact]
    public void Ten_thousand_chunks_are_read_again_in_few_events()
    {
        var journal = Open();
        ExpectMsg<JournalOpened>();
        journal.Tell(new ReplicaAgreed(Schedule.Ready));
        for (int i = 0; i < Many; i++) journal.Tell(new WriteChunk(Chunk(i), TimeSpan.FromSeconds(i)));
        int written = 0;
        while (written < Many + 1) written += ExpectMsg<Written>().Count;
        Assert.Equal(Many + 1, written);
        Close(journal);

        Open();
        var opened = ExpectMsg<JournalOpened>();

        Assert.Equal(TimeSpan.FromSeconds(Many - 1), opened.Elapsed);
        Assert.True(Schedule.Ready.Agrees(opened.Job!.Replica));
        Assert.Equal(Enumerable.Range(0, Many).Select(i => (long)i), opened.Job.Chunks.Select(chunk => chunk.Chunk));
        Assert.All(opened.Job.Chunks, chunk => Assert.Equal(
            Chunk(chunk.Chunk).Values.Values.ToArray(), chunk.Values.Values.ToArray()));
        // One event a chunk would be ten thousand.
        Assert.InRange(Convert.ToInt32(Sqlite.Execute(_folder.File("journal.db"), "SELECT COUNT(*) FROM journal"), null), 3, Many / 2);
    }

    [Fact]
    public void What_was_written_later_follows_what_was_written_before_a_restart()
    {
        foreach (long chunk in (long[])[4, 2, 9])
        {
            var journal = Open();
            ExpectMsg<JournalOpened>();
            if (chunk == 4) journal.Tell(new ReplicaAgreed(Schedule.Ready));
            journal.Tell(new WriteChunk(Chunk(chunk), TimeSpan.FromSeconds(chunk)));
            for (int written = 0, expected = chunk == 4 ? 2 : 1; written < expected;) written += ExpectMsg<Written>().Count;
            Close(journal);
        }

        Open();
        Assert.Equal([4L, 2L, 9L], ExpectMsg<JournalOpened>().Job!.Chunks.Select(chunk => chunk.Chunk));
    }

    [Fact]
    public void Jobs_have_journals_of_their_own_in_one_database()
    {
        var journal = Open();
        ExpectMsg<JournalOpened>();
        journal.Tell(new ReplicaAgreed(Schedule.Ready));
        ExpectMsg(new Written(1));

        Open(Spec with { Estimator = Estimator.Exact });

        Assert.Null(ExpectMsg<JournalOpened>().Job);
    }

    protected override void AfterAll()
    {
        base.AfterAll();
        _state.Dispose();
        _folder.Dispose();
    }

    /// <summary>Patience enough for a disk that others use too; nothing is expected to come near it.</summary>
    private static Config Configuration(StateDirectory state) => ConfigurationFactory
        .ParseString("akka.test.single-expect-default = 60s")
        .WithFallback(state.Configuration)
        .WithFallback(ActorHutchSystem.Configuration)
        .WithFallback(DefaultConfig);

    private static AcceptedChunk Chunk(long number) => new(
        number, new WorkerKey("worker-1", 5), "cpu", 1, 0.5, 0.25, FakeQuadraticForm.Values(1, number * 50, 50));

    private IActorRef Open(JobSpec? spec = null)
    {
        var props = JobJournal.Props(spec ?? Spec);
        return Sys.ActorOf(Props.Create(() => new Parent(props, TestActor)));
    }

    private void Close(IActorRef journal)
    {
        Watch(journal);
        Sys.Stop(journal);
        ExpectTerminated(journal);
    }

    /// <summary>Hands on what the journal says and is told.</summary>
    private sealed class Parent : ReceiveActor
    {
        public Parent(Props journal, IActorRef test)
        {
            var child = Context.ActorOf(journal);
            ReceiveAny(message => (Sender.Equals(child) ? test : child).Tell(message));
        }
    }
}
