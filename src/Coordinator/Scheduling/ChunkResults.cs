using ActorHutch.Curvature;
using ActorHutch.Curvature.Estimation;
using ActorHutch.Curvature.Operators;
using ActorHutch.Curvature.Statistics;
using ActorHutch.Shared.Jobs;

namespace ActorHutch.Coordinator.Scheduling;

/// <summary>
/// The quadratic forms of a job's accepted chunks, merged in the order of the chunks whatever the order of their
/// arrival: this is what makes the result's bits independent of the workers.
/// </summary>
/// <remarks>
/// Of a merged chunk only a digest is kept, eight bytes and its worker's number, for duplicates to be held against. Values of all
/// parameters take long to merge: that waits for <see cref="Merging"/>, which may run on another thread.
/// </remarks>
internal sealed class ChunkResults
{
    private readonly JobSpec _spec;
    private readonly bool _sums;
    private readonly WorkGrid _grid;
    private readonly ValuesFold _fold;
    private readonly Dictionary<long, ProbeValues> _ahead = [];
    private readonly ComparedShards _compared;
    private readonly List<WorkerKey> _workers = [];
    private readonly Dictionary<WorkerKey, int> _numbers = [];
    private readonly Dictionary<long, (int Worker, ulong Digest)> _comparisons = [];
    private ulong[] _digests = [];
    private int[] _workerOf = [];
    private readonly List<ProbeValues>? _kept;
    private readonly IReadOnlyList<string> _blocks;
    private readonly bool _areLong;
    private bool _awaitsComparison;
    private long _merged;
    private ProbeValues? _before;
    private Known? _known;
    private bool _isGivenUp;

    /// <summary>No results yet.</summary>
    /// <param name="spec">The job.</param>
    /// <param name="blocks">Names of the values' columns.</param>
    /// <param name="keepsValues">Whether <see cref="Values"/> are kept: eight bytes a probe and block.</param>
    /// <param name="awaitsComparison">Whether <see cref="Rounding"/> will be known, or be forgone.</param>
    /// <param name="grid">All chunks; null for those of one shard.</param>
    /// <param name="sums">Whether the loss is a sum over the samples, and no mean.</param>
    /// <param name="shapes">The blocks' shapes, where each parameter has a value of its own; null for none.</param>
    public ChunkResults(
        JobSpec spec, IReadOnlyList<string> blocks, bool keepsValues = false, bool awaitsComparison = false, WorkGrid? grid = null, bool sums = false,
        IReadOnlyList<long[]>? shapes = null)
    {
        (_spec, _sums) = (spec, sums);
        _grid = grid ?? new WorkGrid(spec.Probes, spec.ChunkSize, 1, 1);
        _fold = spec.Estimator.NewFold(new FoldOptions(blocks, _grid, sums) { Shapes = shapes ?? [], Eigenvalues = spec.Eigenvalues, Seed = spec.Seed });
        _compared = new ComparedShards(spec.Estimator.TakesPart ? 1 : _grid.Shards, sums);
        (_blocks, _awaitsComparison, _areLong) = (blocks, awaitsComparison, shapes is { Count: > 0 });
        _kept = keepsValues ? [] : null;
    }

    /// <summary>The estimator's units in the chunks from the first one up to the first gap.</summary>
    public long Count => _known?.Count ?? _fold.Count;

    /// <summary>What they are as values.</summary>
    public Moments Moments => _known?.Moments ?? _fold.Moments;

    /// <summary>What was merged, in order; null where it is not kept.</summary>
    public IReadOnlyList<ProbeValues>? Values => _kept;

    /// <summary>How their estimate came about.</summary>
    public EstimateHistory History { get; } = new();

    /// <summary>
    /// Whether the stopping rule was satisfied. What comes after the chunk that satisfied it is not merged any more,
    /// so where the job stops does not depend on who was fast.
    /// </summary>
    public bool TargetReached { get; private set; }

    /// <summary>Whether rounding keeps the stopping rule from ever being satisfied; nothing more is merged then, either.</summary>
    public bool TargetOutOfReach { get; private set; }

    /// <summary>Whether none of the samples counts for the loss; nothing more is merged then, either.</summary>
    public bool NothingCounts { get; private set; }

    /// <summary>What rounding adds; null where that is not known.</summary>
    public RoundingError? Rounding { get; private set; }

    /// <summary>How long workers took to find it.</summary>
    public double RoundingSeconds { get; private set; }

    /// <summary>What the merged chunks say; null where there are none, or where they say nothing yet.</summary>
    /// <param name="isComplete">Whether these are all.</param>
    public TraceEstimate? Estimate(bool isComplete = false) =>
        _isGivenUp ? null : _known is { } known ? known.Estimate : _fold.Estimate(_spec.ConfidenceLevel, Rounding, isComplete);

    private bool IsOver => TargetReached || TargetOutOfReach || NothingCounts || _isGivenUp;

    /// <summary>Whether results that are there are not merged yet, though they could be.</summary>
    public bool IsBehind => _known is not null || CanMerge;

    // Where a job with a target stops depends on the rounding error.
    private bool CanMerge => _known is null && !IsOver && (!_awaitsComparison || _spec.Target is null) && _ahead.ContainsKey(_merged);

    private ProbeValues? Vectors => _known is { } known ? known.Vectors : _fold.Vectors;

    /// <summary>The range of chunks whose vectors are known and wanted; null where chunks have probes of their own.</summary>
    public long? Turn => !IsOver && Vectors is { } vectors ? vectors.FirstProbe / _grid.ChunkSize : null;

    /// <summary>The vectors that a tile multiplies: of the range whose turn it is, and of the one before; null for others.</summary>
    public ProbeValues? VectorsOf(Tile tile)
    {
        bool Has(ProbeValues? vectors) => vectors is not null && vectors.FirstProbe <= tile.FirstProbe && tile.FirstProbe < vectors.FirstProbe + vectors.Count;
        return Has(Vectors) ? Vectors : Has(_before) ? _before : null;
    }

    /// <summary>Takes the first result of a chunk.</summary>
    public void Accept(long chunk, WorkerKey worker, ProbeValues values, double seconds = 0)
    {
        Remember(chunk, worker, values.Digest);
        if (JobState.IsComparison(chunk))
        {
            RoundingSeconds += seconds;
            if (_compared.Add(JobState.ShardCompared(chunk), values) is var (single, precise))
            {
                Rounding = RoundingError.Of(OfAll(single), OfAll(precise), _blocks, _spec.ConfidenceLevel, isExact: _spec.Estimator.IsExact);
                _awaitsComparison = false;
            }
        }
        else if (!IsOver)
        {
            _ahead.Add(chunk, values);
        }

        if (!_areLong) Merge();
    }

    /// <summary>Goes on without the rounding error.</summary>
    public void ForgoComparison()
    {
        _awaitsComparison = false;
        Merge();
    }

    /// <summary>Merges, here and now, what is there.</summary>
    public void Merge()
    {
        while (CanMerge) Publish(Fold(Ready()));
    }

    /// <summary>What merges the results that are there; null where there are none, or they are being merged.</summary>
    /// <returns>
    /// What may run on another thread, while all that is known here is what it was before; what that returns is to be called by whoever
    /// uses these results, for them to know it.
    /// </returns>
    public Func<Action>? Merging()
    {
        if (!CanMerge) return null;
        _known = new Known(Count, Moments, Estimate(), Vectors);
        var ready = Ready();
        return () =>
        {
            var merged = Fold(ready);
            return () =>
            {
                _known = null;
                Publish(merged);
            };
        };
    }

    /// <summary>Forgets what was merged, and merges nothing more.</summary>
    public void GiveUp()
    {
        (_isGivenUp, _known) = (true, null);
        _ahead.Clear();
    }

    /// <summary>Holds another result of an accepted chunk against the first, bit by bit.</summary>
    public DuplicateCompared Compare(long chunk, WorkerKey worker, ProbeValues values)
    {
        var (first, digest) = JobState.IsComparison(chunk)
            ? _comparisons[JobState.ShardCompared(chunk)]
            : (_workerOf[chunk], _digests[chunk]);
        return new(chunk, _workers[first], worker, digest == values.Digest);
    }

    /// <summary>The next results in their order, which are these no longer.</summary>
    private List<ProbeValues> Ready()
    {
        var ready = new List<ProbeValues>();
        while (_ahead.Remove(_merged + ready.Count, out var chunk)) ready.Add(chunk);
        return ready;
    }

    private Merged Fold(List<ProbeValues> ready)
    {
        var merged = new Merged { Before = _before };
        foreach (var chunk in ready)
        {
            merged.Count++;
            var vectors = _fold.Vectors;
            var folded = _fold.Add(chunk);
            if (vectors != _fold.Vectors) merged.Before = vectors;
            merged.NothingCounts = _fold.CountsNothing;
            merged.TargetReached = _fold.IsSettled;
            if (folded is not null && !merged.IsOver)
            {
                merged.Folded.Add((_merged + merged.Count, folded, _fold.Moments));
                if (_spec.Target is { } error)
                {
                    var estimate = _fold.Estimate(_spec.ConfidenceLevel, Rounding, isComplete: false)!;
                    merged.TargetReached = StoppingRule.IsSatisfied(estimate, error);
                    merged.TargetOutOfReach = StoppingRule.IsOutOfReach(estimate, error);
                }
            }

            if (merged.IsOver) break;
        }

        return merged;
    }

    private void Publish(Merged merged)
    {
        _merged += merged.Count;
        _before = merged.Before;
        (NothingCounts, TargetReached, TargetOutOfReach) = (merged.NothingCounts, merged.TargetReached, merged.TargetOutOfReach);
        foreach (var (chunks, values, moments) in merged.Folded)
        {
            _kept?.Add(values);
            History.Offer(chunks, moments);
        }

        if (IsOver) _ahead.Clear();
    }

    /// <summary>What a sum over the first shard of a part of them is for all samples; a mean is what it is.</summary>
    private ProbeValues OfAll(ProbeValues values)
    {
        if (!_spec.Estimator.TakesPart || !_sums) return values;
        double factor = (double)_grid.Samples / _grid[0].Samples;
        return new ProbeValues(values.FirstProbe, values.Columns, [.. values.Values.ToArray().Select(value => factor * value)]);
    }

    private void Remember(long chunk, WorkerKey worker, ulong digest)
    {
        if (!_numbers.TryGetValue(worker, out int number))
        {
            number = _workers.Count;
            _workers.Add(worker);
            _numbers.Add(worker, number);
        }

        if (JobState.IsComparison(chunk))
        {
            _comparisons[JobState.ShardCompared(chunk)] = (number, digest);
            return;
        }

        if (chunk >= _digests.Length)
        {
            int length = (int)Math.Max(chunk + 1, _digests.Length * 2L);
            Array.Resize(ref _digests, length);
            Array.Resize(ref _workerOf, length);
        }

        _digests[chunk] = digest;
        _workerOf[chunk] = number;
    }

    /// <summary>What was known before that which is being merged.</summary>
    private sealed record Known(long Count, Moments Moments, TraceEstimate? Estimate, ProbeValues? Vectors);

    /// <summary>What some chunks came to.</summary>
    private sealed class Merged
    {
        public long Count { get; set; }

        public ProbeValues? Before { get; set; }

        public bool NothingCounts { get; set; }

        public bool TargetReached { get; set; }

        public bool TargetOutOfReach { get; set; }

        public bool IsOver => NothingCounts || TargetReached || TargetOutOfReach;

        public List<(long Chunks, ProbeValues Values, Moments Moments)> Folded { get; } = [];
    }
}
