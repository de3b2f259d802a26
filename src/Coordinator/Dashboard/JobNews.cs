using ActorHutch.Coordinator.Reports;
using ActorHutch.Coordinator.Scheduling;

namespace ActorHutch.Coordinator.Dashboard;

/// <summary>What happened between two looks at a job, told by what differs.</summary>
internal static class JobNews
{
    /// <summary>So many workers are named one by one where the same happened to them.</summary>
    private const int MostNamed = 3;

    /// <summary>What happened.</summary>
    /// <param name="before">The job at the earlier look; null where there was none.</param>
    /// <param name="now">The job now.</param>
    public static IEnumerable<(NewsMood Mood, string Text)> Between(JobState? before, JobState now)
    {
        if (before is null && now.Recovered > 0)
            yield return (NewsMood.Good, $"{Figures.Count(now.Recovered, "chunk")} were in the state directory");
        foreach (var news in OfWorkers(before, now)) yield return news;
        if (now.Phase != JobPhase.Preparing && before is null or { Phase: JobPhase.Preparing } && now.Replica is not null)
            yield return (NewsMood.Good, "The first chunks were sent to workers");

        var (earlier, counts) = (before?.Counts ?? new JobCounts(), now.Counts);
        if (counts.Failed > earlier.Failed)
            yield return (NewsMood.Bad, $"{Figures.Count(counts.Failed - earlier.Failed, "attempt")} at a chunk failed");
        if (counts.Reissued > earlier.Reissued)
            yield return (NewsMood.Bad, $"{Figures.Count(counts.Reissued - earlier.Reissued, "chunk")} issued again");
        foreach (var pair in counts.Disagreements.Skip(earlier.Disagreements.Length).Take(MostNamed))
            yield return (NewsMood.Bad, $"{pair.First} and {pair.Second} disagree about {Terms.Chunk(pair.Chunk)}");
    }

    private static IEnumerable<(NewsMood Mood, string Text)> OfWorkers(JobState? before, JobState now)
    {
        // Nothing that is the same object has changed: a look at a thousand workers costs next to nothing.
        var changes = now.Workers
            .Where(entry => before is null || !ReferenceEquals(before.Workers.GetValueOrDefault(entry.Key), entry.Value))
            .Select(entry => (entry.Key, Change: Change(before?.Workers.GetValueOrDefault(entry.Key), entry.Value)))
            .Where(entry => entry.Change.Text is not null)
            .GroupBy(entry => entry.Change, entry => entry.Key);
        foreach (var group in changes)
        {
            WorkerKey[] workers = [.. group];
            string who = workers.Length <= MostNamed ? string.Join(", ", workers.Select(worker => worker.Id)) : Figures.Count(workers.Length, "worker");
            yield return (group.Key.Mood, $"{who} {group.Key.Text}");
        }
    }

    private static bool IsAtWork(WorkerInJob worker) => worker is { IsReady: true, Stalled: false };

    private static (NewsMood Mood, string? Text) Change(WorkerInJob? before, WorkerInJob now)
    {
        var state = WorkerStates.Of(now);
        // That it has a chunk at hand or none is no news.
        if (before is not null && (WorkerStates.Of(before) == state || (IsAtWork(before) && IsAtWork(now)))) return default;
        return state switch
        {
            WorkerStateName.Joining => (NewsMood.Plain, before is null ? "joined" : "came back"),
            WorkerStateName.Computing or WorkerStateName.Ready => (NewsMood.Good, "verified the replica"),
            WorkerStateName.Leaving => (NewsMood.Plain, "is leaving"),
            WorkerStateName.Left => (NewsMood.Plain, "left"),
            WorkerStateName.Unreachable => (NewsMood.Bad, "cannot be reached"),
            WorkerStateName.Lost => (NewsMood.Bad, $"is gone: {now.Reason}"),
            _ => (NewsMood.Bad, $"failed: {now.Problem}"),
        };
    }
}
