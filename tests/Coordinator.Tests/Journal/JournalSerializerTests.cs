using System.Runtime.Serialization;
using ActorHutch.Coordinator.Journal;
using ActorHutch.Coordinator.Scheduling;
using ActorHutch.Curvature.Operators;
using ActorHutch.Shared.Jobs;
using ActorHutch.Shared.Messages;
using Akka.Actor;
using Akka.TestKit.Xunit;

namespace ActorHutch.Coordinator.Tests.Journal;

public class JournalSerializerTests : TestKit
{
    private static readonly WorkerKey A = new("a", long.MinValue), B = new("bé", long.MaxValue);

    private static readonly JobCounts Counts = new()
    {
        Reissued = 1,
        Copies = 6,
        Verified = 7,
        Unverified = 8,
        Duplicates = 2,
        Failed = 3,
        Stale = 4,
        Disagreements = [new Disagreement(5, A, B)],
    };

    private static readonly WorkerInJob Worker = new("cuda:1", "GPU H")
    {
        Phase = WorkerPhase.Lost,
        Reason = "it stopped",
        ChunksDone = 1,
        ProbesDone = 2,
        ComputeSeconds = 0.1,
        WaitSeconds = 1e-300,
        WarmUpSeconds = 3,
        TransferSeconds = 0.7,
        Bits = 9,
    };

    private readonly JournalSerializer _serializer;

    public JournalSerializerTests() => _serializer = new JournalSerializer((ExtendedActorSystem)Sys);

    [Fact]
    public void Quadratic_forms_keep_every_bit()
    {
        double[] values = [0.1, -0.0, double.Epsilon, double.MaxValue, 1.0 / 3, double.NaN];
        AcceptedChunk[] chunks =
        [
            new(7, A, "cpu", 0.5, 0.25, 0.125, new ProbeValues(350, 2, values)) { Attempt = 3, AcceptedAt = 0.1, Kind = "k", Bits = 7 },
            new(long.MaxValue - 1, B, "cuda:0", 1, 2, 3, new ProbeValues(0, 1, [4])) { AcceptedAt = 0 },
            new(9, A, "cpu", 0.5, 0, 0, new ProbeValues(450, 3, [1, 2, 3])) { Kind = "k", Bits = 7 },
        ];

        var read = RoundTrip(new ChunksAccepted(TimeSpan.FromSeconds(1.5), chunks));

        Assert.Equal(TimeSpan.FromSeconds(1.5), read.Elapsed);
        foreach (var (written, again) in chunks.Zip(read.Chunks))
        {
            Assert.Equal(written with { Values = again.Values }, again);
            Assert.Equal((written.Values.FirstProbe, written.Values.Columns), (again.Values.FirstProbe, again.Values.Columns));
            Assert.Equal(
                written.Values.Values.ToArray().Select(BitConverter.DoubleToInt64Bits),
                again.Values.Values.ToArray().Select(BitConverter.DoubleToInt64Bits));
        }
    }

    [Fact]
    public void Chunks_of_earlier_versions_have_no_time()
    {
        var chunks = new ActorHutch.Coordinator.Journal.Format.Chunks { Workers = { new ActorHutch.Coordinator.Journal.Format.Worker { Id = "a" } } };
        chunks.Chunks_.Add(new ActorHutch.Coordinator.Journal.Format.Chunk { Number = 4, FirstProbe = 40, Columns = 1, Values = { 1.5 } });

        var read = Assert.Single(JournalFormat.Read(chunks).Chunks);

        Assert.Equal((1, null), (read.Attempt, read.AcceptedAt));
    }

    [Fact]
    public void A_replica_agrees_with_itself_read_again()
    {
        var ready = new ReplicaReady(
            Guid.Empty, new ReplicaDescription("m", "00ff", 30, 4), CurvatureMethod.Hmp, "asked for", ["a", "b"], 8, 0);

        var read = RoundTrip(new ReplicaAgreed(ready)).Replica;

        Assert.True(ready.Agrees(read));
        Assert.Equal(ready.MethodReason, read.MethodReason);
        // As in journals of before; a worker of today names its loss.
        Assert.Null(read.Model.Loss);
        var named = ready with { Model = ready.Model with { Loss = new LossDescription("huber", "sum", "asked for") { Arguments = "delta 2" } } };
        Assert.True(named.Agrees(read));
        Assert.Equal(named.Model, RoundTrip(new ReplicaAgreed(named)).Replica.Model);
    }

    [Fact]
    public void An_end_holds_workers_and_counts()
    {
        var read = RoundTrip(new JobEnded(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2), [new(A, Worker), new(B, new WorkerInJob("cpu") { Phase = WorkerPhase.Lost })], Counts));

        Assert.Equal((TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2)), (read.Setup, read.Elapsed));
        Assert.Equal([A, B], read.Workers.Select(worker => worker.Key));
        Assert.Equal(Worker, read.Workers[0].Value with { Chunks = Worker.Chunks, Unnamed = Worker.Unnamed });
        Assert.Null(read.Workers[1].Value.Problem);
        // What went wrong before all was well is all that is left of it.
        var (_, third) = RoundTrip(new JobEnded(default, default, [new(A, new WorkerInJob("cpu").AfterFailure("no room", 1))], Counts)).Workers[0];
        Assert.Equal("it failed once: no room", third.Problem);
        Assert.Equal(Counts.Disagreements, read.Counts.Disagreements);
        Assert.Equal(Counts, read.Counts with { Disagreements = Counts.Disagreements });
    }

    /// <summary>
    /// A figure that is added to a report must be in the journal too, or a report printed again lacks it. Those of the rounding are: its chunks
    /// have them.
    /// </summary>
    [Theory]
    [InlineData(typeof(WorkerInJob), "Phase Credit Chunks Silence Misfits Unnamed Refusal Replica Failures FailuresInARow LastFailure Pause WasLostAtWork Progress Idle Stalled Pace RoundingSeconds")]
    [InlineData(typeof(JobCounts), "")]
    public void No_figure_of_a_report_is_forgotten(Type type, string ofTheRun)
    {
        object full = type == typeof(WorkerInJob) ? Worker : Counts;
        foreach (var property in type.GetProperties().Where(property => property.CanWrite))
        {
            if (ofTheRun.Split(' ').Contains(property.Name)) continue;
            object? value = property.GetValue(full);
            bool isDefault = value is null or 0 or 0L or 0.0 or false;
            Assert.False(isDefault, $"{property.Name} is in no test of the journal, so it may not be in the journal.");
        }
    }

    [Fact]
    public void The_first_event_holds_the_job() =>
        Assert.Equal(new JobOpened("00ff", "{}"), RoundTrip(new JobOpened("00ff", "{}")));

    [Fact]
    public void A_bit_that_flipped_is_noticed_wherever_it_is()
    {
        byte[] bytes = _serializer.ToBinary(new JobOpened("00ff", "{}"));
        for (int bit = 0; bit < bytes.Length * 8; bit++)
        {
            byte[] damaged = [.. bytes];
            damaged[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.Throws<SerializationException>(() => _serializer.FromBinary(damaged, "opened"));
        }

        Assert.Throws<SerializationException>(() => _serializer.FromBinary(bytes[..20], "opened"));
    }

    [Fact]
    public void An_event_of_another_version_is_told() =>
        Assert.Contains("another version", Assert.Throws<SerializationException>(
            () => _serializer.FromBinary(_serializer.ToBinary(new JobOpened("00", "{}")), "later")).Message, StringComparison.Ordinal);

    private T RoundTrip<T>(T journalEvent) where T : IJournalEvent => Assert.IsType<T>(
        _serializer.FromBinary(_serializer.ToBinary(journalEvent), _serializer.Manifest(journalEvent)));
}
