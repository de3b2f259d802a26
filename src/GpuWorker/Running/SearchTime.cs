namespace ActorHutch.GpuWorker.Running;

/// <summary>How long a node has been without a coordinator, over all its attempts to join.</summary>
/// <param name="limit">How long it may be; null for ever.</param>
/// <param name="time">Measures it.</param>
internal sealed class SearchTime(TimeSpan? limit, TimeProvider time)
{
    private long _lastSeen = time.GetTimestamp();

    /// <summary>A timestamp.</summary>
    public long Now => time.GetTimestamp();

    /// <summary>How long it has been.</summary>
    public TimeSpan Searched => Since(Volatile.Read(ref _lastSeen));

    /// <summary>Whether it has been too long.</summary>
    public bool IsOver => limit is { } most && Searched > most;

    /// <summary>The time since a timestamp.</summary>
    public TimeSpan Since(long timestamp) => time.GetElapsedTime(timestamp);

    /// <summary>There is a coordinator.</summary>
    public void Found() => Volatile.Write(ref _lastSeen, time.GetTimestamp());
}
