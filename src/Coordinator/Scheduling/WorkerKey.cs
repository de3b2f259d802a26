namespace ActorHutch.Coordinator.Scheduling;

/// <summary>One life of one worker.</summary>
/// <param name="Id">The worker's name.</param>
/// <param name="Incarnation">Which life: a worker that was started again is another one.</param>
internal sealed record WorkerKey(string Id, long Incarnation) : IComparable<WorkerKey>
{
    public int CompareTo(WorkerKey? other)
    {
        if (other is null) return 1;
        // Shorter names first, so that worker 10 follows worker 9.
        int order = Id.Length.CompareTo(other.Id.Length);
        if (order == 0) order = string.CompareOrdinal(Id, other.Id);
        return order != 0 ? order : Incarnation.CompareTo(other.Incarnation);
    }

    public override string ToString() => Id;
}
