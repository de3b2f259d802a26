using ActorHutch.Coordinator.Scheduling;
using ActorHutch.Curvature.Estimation;
using ActorHutch.Fakes;
using ActorHutch.Shared.Jobs;
using ActorHutch.Shared.Messages;

namespace ActorHutch.Coordinator.Tests.Scheduling;

/// <summary>
/// Many workers that fail, die, leave, come back, repeat themselves and overtake each other, over a network that loses
/// messages, at random but with a seed. The schedule is the real one; nothing here waits for anything.
/// </summary>
public class JobSimulationTests
{
    private static readonly JobPolicy Patient =
        new() { MaxFailures = int.MaxValue, MaxLosses = int.MaxValue, MaxSilence = 20 };

    private static readonly JobPolicy Doubling = Patient with { CopySlowest = true, VerifyFraction = 0.2 };

    [Theory]
    [InlineData(null)]
    [InlineData(0.02)]
    public void Whatever_the_workers_do_the_bits_are_those_of_one_worker(double? relativeError)
    {
        var spec = new JobSpec { Probes = 997, VBatch = 7, Seed = 5, RelativeError = relativeError };
        var serial = Serial(spec);

        for (int seed = 0; seed < 200; seed++)
        {
            var simulation = new Simulation(spec, seed);
            simulation.Run();

            Assert.Equal(relativeError is null ? JobEnd.Completed : JobEnd.TargetReached, simulation.Outcome!.End);
            Assert.Equal(serial.Moments, simulation.Results!.Accumulator.Estimate().Moments);
            Assert.Equal(serial.Blocks, simulation.Results.Accumulator.Estimate().Blocks);
            Assert.Equal(simulation.Accepted.Count, simulation.Accepted.Distinct().Count());
            if (relativeError is null) Assert.Equal(spec.Probes, serial.Probes);
            Assert.Empty(simulation.State.Counts.Disagreements);
        }
    }

    [Fact]
    public void The_simulation_does_what_it_says()
    {
        var spec = new JobSpec { Probes = 997, VBatch = 7 };
        var all = Enumerable.Range(0, 20).Select(seed =>
        {
            var simulation = new Simulation(spec, seed);
            simulation.Run();
            return simulation.State.Counts;
        }).ToArray();

        Assert.Contains(all, counts => counts.Reissued > 0);
        Assert.Contains(all, counts => counts.Duplicates > 0);
        Assert.Contains(all, counts => counts.Failed > 0);
        Assert.Contains(all, counts => counts.Stale > 0);
        Assert.Contains(all, counts => counts.Copies > 0);
        Assert.Contains(all, counts => counts.Verified > 0);
    }

    /// <summary>One worker, chunk by chunk.</summary>
    private static TraceEstimate Serial(JobSpec spec)
    {
        var results = new ChunkResults(spec, Schedule.Ready.Blocks);
        for (long first = 0; first < spec.Probes && !results.TargetReached; first += spec.ChunkSize)
        {
            int count = (int)Math.Min(spec.ChunkSize, spec.Probes - first);
            results.Accept(first / spec.ChunkSize, Schedule.A, FakeQuadraticForm.Values(spec.Seed, first, count));
        }

        return results.Accumulator.Estimate();
    }

    private sealed class Simulation
    {
        private readonly Random _random;
        private readonly JobSpec _spec;
        private readonly Dictionary<WorkerKey, Queue<IJobMessage>> _inboxes = [];
        private readonly HashSet<WorkerKey> _prepared = [];
        private readonly List<JobEvent> _onTheWay = [];
        private long _lives;

        public Simulation(JobSpec spec, int seed)
        {
            (_spec, _random) = (spec, new Random(seed));
            var start = JobState.Start(Schedule.Job, spec, seed % 2 == 0 ? Patient : Doubling, []);
            State = start.State;
            Perform(start.Effects);
            for (int worker = _random.Next(1, 8); worker > 0; worker--) Join();
        }

        public JobState State { get; private set; }

        public ChunkResults? Results { get; private set; }

        public JobOutcome? Outcome { get; private set; }

        public List<long> Accepted { get; } = [];

        public void Run()
        {
            for (int steps = 0; Outcome is null; steps++)
            {
                Assert.True(steps < 100_000, "The job never ends.");
                Step();
            }

            // What was still on the way finds the job closed.
            foreach (var late in _onTheWay.ToArray()) Happens(late);
        }

        private void Step()
        {
            switch (_random.Next(100))
            {
                case < 40:
                    WorkerReads();
                    break;
                case < 80:
                    Arrives();
                    break;
                case < 91 when _inboxes.Count > 0:
                    var speaker = Any(_inboxes.Keys.ToArray());
                    Say(new WorkerReported(speaker, Status(speaker, capacity: 2)));
                    break;
                case 91:
                    Happens(new IntervalPassed());
                    break;
                case 92 when _inboxes.Count > 0:
                    var leaver = Any(_inboxes.Keys.ToArray());
                    Say(new WorkerReported(leaver, Status(leaver, capacity: 0) with { Chunks = [] }));
                    _inboxes.Remove(leaver);
                    break;
                case 93 when _inboxes.Count > 0:
                    var lost = Any(_inboxes.Keys.ToArray());
                    _inboxes.Remove(lost);
                    Happens(new WorkerLost(lost, "killed"));
                    break;
                case < 98 when _inboxes.Count < 10:
                    Join();
                    break;
                default:
                    Happens(new WorkerSaid(new WorkerKey("stranger", 0), new RequestWork(Guid.NewGuid(), 1)));
                    break;
            }
        }

        private void Join()
        {
            var key = new WorkerKey($"worker-{_random.Next(10)}", ++_lives);
            _inboxes.Add(key, []);
            Happens(new WorkerRegistered(key, "cpu"));
        }

        /// <summary>A worker takes a message and answers; what it says is on its way from then on.</summary>
        private void WorkerReads()
        {
            var busy = _inboxes.Where(inbox => inbox.Value.Count > 0).Select(inbox => inbox.Key).ToArray();
            if (busy.Length == 0) return;
            var key = Any(busy);
            switch (_inboxes[key].Dequeue())
            {
                case PrepareReplica:
                    _prepared.Add(key);
                    Say(key, Schedule.Ready);
                    Say(key, new RequestWork(Schedule.Job, 2));
                    break;
                case RunChunk chunk:
                    IJobMessage answer = _random.Next(10) == 0
                        ? new ChunkFailed(chunk.Job, chunk.Chunk, chunk.Attempt, "by chance", true)
                        : new ChunkDone(
                            chunk.Job, chunk.Chunk, chunk.Attempt,
                            FakeQuadraticForm.Values(_spec.Seed, chunk.FirstProbe, chunk.Count), 0.1, 0);
                    Say(key, answer);
                    if (_random.Next(10) == 0) Say(key, answer);
                    Say(key, new RequestWork(chunk.Job, 1));
                    break;
                default:
                    break;
            }
        }

        private WorkerStatus Status(WorkerKey key, int capacity) => new(
            Schedule.Job, _prepared.Contains(key), capacity,
            [.. _inboxes[key].OfType<RunChunk>().Select(chunk => new ChunkAttempt(chunk.Chunk, chunk.Attempt))]);

        private void Say(WorkerKey key, IJobMessage message) => Say(new WorkerSaid(key, message));

        private void Say(JobEvent said)
        {
            if (!IsLost()) _onTheWay.Add(said);
        }

        private bool IsLost() => _random.Next(30) == 0;

        /// <summary>Messages overtake each other freely, also those of workers that are dead by now.</summary>
        private void Arrives()
        {
            if (_onTheWay.Count == 0) return;
            var message = Any(_onTheWay);
            _onTheWay.Remove(message);
            Happens(message);
        }

        private T Any<T>(IReadOnlyList<T> items) => items[_random.Next(items.Count)];

        private void Happens(JobEvent happened)
        {
            var transition = State.Apply(happened);
            State = transition.State;
            Perform(transition.Effects);
        }

        private void Perform(IReadOnlyList<Effect> effects)
        {
            foreach (var effect in effects)
            {
                switch (effect)
                {
                    case Send { Message: IJobMessage message } send when _inboxes.TryGetValue(send.Worker, out var inbox):
                        if (!IsLost()) inbox.Enqueue(message);
                        break;
                    case Begin:
                        Results = new ChunkResults(_spec, State.Replica!.Blocks);
                        break;
                    case Accept accept:
                        Accepted.Add(accept.Chunk);
                        Results!.Accept(accept.Chunk, accept.Worker, accept.Values);
                        break;
                    case Compare compare:
                        Happens(Results!.Compare(compare.Chunk, compare.Worker, compare.Values));
                        break;
                    case Finish finish:
                        Outcome = finish.Outcome;
                        break;
                    default:
                        break;
                }
            }

            if (Results is { TargetReached: true } && Outcome is null) Happens(new TargetReached());
        }
    }
}
