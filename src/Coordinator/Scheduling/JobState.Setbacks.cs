using System.Globalization;

namespace ActorHutch.Coordinator.Scheduling;

/// <content>
/// Attempts go wrong. Either the chunk is to blame or the worker, and other workers and other chunks tell which: a chunk
/// is tried by another worker, and a worker that fails at everything is set aside for longer and longer.
/// </content>
internal sealed partial record JobState
{
    /// <summary>One failure may be the chunk's fault, or chance; from the second in a row on, a worker pauses.</summary>
    private const int UnpunishedFailures = 1;

    /// <summary>So many workers are believed that say that a chunk fails everywhere; or one that is alone, so often.</summary>
    private const int HopelessFailures = 2;

    /// <summary>A worker failed at a chunk: another one tries it, or the job ends.</summary>
    private JobState Fail(WorkerKey key, long chunk, string what, SetbackKind kind, List<Effect> effects)
    {
        // The comparison takes more memory than the chunks do: a worker that has no room for it may be as good as any.
        var worker = IsComparison(chunk) ? Workers[key] : Workers[key].AfterFailure(what, UnpunishedFailures);
        if (worker.Pause > 0) effects.Add(new Warn(key, $"paused after repeated failures: {what}"));
        var state = (this with { Counts = Counts with { Failed = Counts.Failed + 1 } })
            .With(key, worker).Progressed(key)
            .Remember(chunk, new Setback(key, kind, what))
            .QueueAgain(chunk, effects);
        return state.AssignAll(effects);
    }

    private JobState Remember(long chunk, Setback setback)
    {
        var trouble = Troubles.GetValueOrDefault(chunk) ?? ChunkTrouble.None;
        return this with { Troubles = Troubles.SetItem(chunk, trouble with { Setbacks = trouble.Setbacks.Add(setback) }) };
    }

    /// <summary>A worker that was thought to have crashed is there: what it was at had no part in that.</summary>
    private JobState Forgive(WorkerKey key)
    {
        bool IsIts(Setback setback) => setback.Kind == SetbackKind.Lost && setback.Worker == key;
        var forgiven = Troubles.Where(trouble => trouble.Value.Setbacks.Any(IsIts)).Select(
            trouble => KeyValuePair.Create(trouble.Key, trouble.Value with { Setbacks = trouble.Value.Setbacks.RemoveAll(IsIts) }));
        return (this with { Troubles = Troubles.SetItems(forgiven) }).With(key, Workers[key] with { WasLostAtWork = false });
    }

    /// <summary>
    /// Whether a chunk that is to be issued again is for a worker: never for one that is at it, nor for one on which it
    /// went wrong while there is another.
    /// </summary>
    private bool IsFor(WorkerKey key, long chunk)
    {
        if (InFlight.GetValueOrDefault(chunk, []).Any(attempt => attempt.Worker.Id == key.Id)) return false;
        return Troubles.GetValueOrDefault(chunk) is not { } trouble || !trouble.WentWrongOn(key.Id)
            || !Workers.Any(worker => worker.Value.Present && !trouble.WentWrongOn(worker.Key.Id));
    }

    /// <summary>Why a chunk cannot be computed, for people; null where another try may succeed.</summary>
    private string? Doom(long chunk)
    {
        if (Troubles.GetValueOrDefault(chunk) is not { Setbacks.Length: > 0 } trouble) return null;

        var failures = trouble.Setbacks.Where(setback => setback.Kind != SetbackKind.Lost).ToList();
        var hopeless = failures.Where(setback => setback.Kind is SetbackKind.Hopeless or SetbackKind.Input).ToList();
        var losses = trouble.Setbacks.Where(setback => setback.Kind == SetbackKind.Lost).ToList();
        if (IsComparison(chunk))
        {
            bool isGivenUp = trouble.Setbacks.DistinctBy(setback => setback.Worker.Id).Count() >= MostComparisons
                || Enough(hopeless, HopelessFailures) || Enough(failures, Policy.MaxFailures) || Enough(losses, MostComparisons);
            return !isGivenUp ? null : failures.Count > 0 ? failures[^1].What : "the workers that computed in double precision were lost";
        }

        if (Enough(hopeless, HopelessFailures) && hopeless[^1].Kind == SetbackKind.Input) return hopeless[^1].What;
        if (Enough(hopeless, HopelessFailures)) return $"{Name(chunk)} failed on {On(hopeless)}: {hopeless[^1].What}";
        if (Enough(failures, Policy.MaxFailures)) return $"{Name(chunk)} failed on {On(failures)}: {failures[^1].What}";
        return Enough(losses, Policy.MaxLosses) ? $"{Name(chunk)} was lost with {On(losses)}." : null;
    }

    /// <summary>
    /// Whether setbacks are enough to blame the chunk: on so many workers that can compute others; or so many times, on
    /// those or where there are none such on any, where there never was another worker. Where there was, and those that fail
    /// are all that are left, the job waits for it as it does when all are gone.
    /// </summary>
    private bool Enough(List<Setback> setbacks, int limit)
    {
        var trusted = setbacks.GroupBy(setback => setback.Worker.Id)
            .Where(lives => lives.Any(life => Workers.GetValueOrDefault(life.Worker) is { IsTrusted: true })).ToList();
        int times = trusted.Count > 0 ? trusted.Sum(lives => lives.Count()) : setbacks.Count;
        // Those that are lost may be back.
        return trusted.Count >= limit || (times >= limit && !Workers.Any(worker =>
            worker.Value.Phase != WorkerPhase.Failed && !setbacks.Any(setback => setback.Worker.Id == worker.Key.Id)));
    }

    /// <summary><c>a, b (3 times)</c>.</summary>
    private static string On(List<Setback> setbacks) => string.Join(", ", setbacks
        .CountBy(setback => setback.Worker.Id)
        .Select(worker => string.Create(
            CultureInfo.InvariantCulture, $"{worker.Key}{(worker.Value > 1 ? $" ({worker.Value} times)" : "")}")));

    /// <summary>Whether workers say of a chunk that what the user gave for it is wrong: an error in the input, and none in computing.</summary>
    private bool InputAtFault(long chunk) => Troubles.GetValueOrDefault(chunk)?.Setbacks.Any(setback => setback.Kind == SetbackKind.Input) == true;

    private string Name(long chunk)
    {
        if (IsComparison(chunk)) return "the comparison with double precision";
        var tile = Tile(chunk);
        string samples = Shards == 1 ? "" : string.Create(CultureInfo.InvariantCulture, $", samples {tile.FirstSample} to {tile.FirstSample + tile.Samples - 1}");
        return string.Create(CultureInfo.InvariantCulture, $"Chunk {chunk} (probes {tile.FirstProbe} to {tile.FirstProbe + tile.Probes - 1}{samples})");
    }
}
