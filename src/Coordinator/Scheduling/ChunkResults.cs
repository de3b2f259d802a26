using ActorHutch.Curvature.Estimation;
using ActorHutch.Curvature.Operators;
using ActorHutch.Shared.Jobs;

namespace ActorHutch.Coordinator.Scheduling;

/// <summary>
/// The quadratic forms of a job's accepted chunks, merged in the order of the chunks whatever the order of their
/// arrival: this is what makes the result's bits independent of the workers.
/// </summary>
/// <remarks>
/// Of a merged chunk only a digest is kept, eight bytes and its worker's number, for duplicates to be held against.
/// </remarks>
internal sealed class ChunkResults
{
    private readonly JobSpec _spec;
    private readonly Dictionary<long, ProbeValues> _ahead = [];
    private readonly List<WorkerKey> _workers = [];
    private readonly Dictionary<WorkerKey, int> _numbers = [];
    private ulong[] _digests = [];
    private int[] _workerOf = [];
    private readonly List<ProbeValues>? _kept;
    private long _merged;

    /// <summary>No results yet.</summary>
    /// <param name="spec">The job.</param>
    /// <param name="blocks">Names of the values' columns.</param>
    /// <param name="keepsValues">Whether <see cref="Values"/> are kept: eight bytes a probe and block.</param>
    public ChunkResults(JobSpec spec, IReadOnlyList<string> blocks, bool keepsValues = false)
    {
        _spec = spec;
        _kept = keepsValues ? [] : null;
        Accumulator = new TraceAccumulator(blocks);
    }

    /// <summary>The chunks from the first one up to the first gap.</summary>
    public TraceAccumulator Accumulator { get; }

    /// <summary>What was merged, in order; null where it is not kept.</summary>
    public IReadOnlyList<ProbeValues>? Values => _kept;

    /// <summary>How their estimate came about.</summary>
    public EstimateHistory History { get; } = new();

    /// <summary>
    /// Whether the stopping rule was satisfied. What comes after the chunk that satisfied it is not merged any more,
    /// so where the job stops does not depend on who was fast.
    /// </summary>
    public bool TargetReached { get; private set; }

    /// <summary>Takes the first result of a chunk.</summary>
    public void Accept(long chunk, WorkerKey worker, ProbeValues values)
    {
        Remember(chunk, worker, values.Digest);
        if (TargetReached) return;

        _ahead.Add(chunk, values);
        while (!TargetReached && _ahead.Remove(_merged, out var next))
        {
            Accumulator.Add(next);
            _kept?.Add(next);
            _merged++;
            History.Offer(_merged, Accumulator.Moments);
            TargetReached = _spec is { Kind: JobKind.Estimate, RelativeError: { } error }
                && StoppingRule.IsSatisfied(Accumulator.Estimate(_spec.ConfidenceLevel), error);
        }

        if (TargetReached) _ahead.Clear();
    }

    /// <summary>Holds another result of an accepted chunk against the first, bit by bit.</summary>
    public DuplicateCompared Compare(long chunk, WorkerKey worker, ProbeValues values) =>
        new(chunk, _workers[_workerOf[chunk]], worker, _digests[chunk] == values.Digest);

    private void Remember(long chunk, WorkerKey worker, ulong digest)
    {
        if (chunk >= _digests.Length)
        {
            int length = (int)Math.Max(chunk + 1, _digests.Length * 2L);
            Array.Resize(ref _digests, length);
            Array.Resize(ref _workerOf, length);
        }

        if (!_numbers.TryGetValue(worker, out int number))
        {
            number = _workers.Count;
            _workers.Add(worker);
            _numbers.Add(worker, number);
        }

        _digests[chunk] = digest;
        _workerOf[chunk] = number;
    }
}
