using ActorHutch.Shared.Messages;
using Akka.Event;

namespace ActorHutch.GpuWorker.Actors;

/// <content>What the log is told of a job that ends: what came here for it, and what was done.</content>
public sealed partial class WorkerActor
{
    private (int Chunks, long Probes, double Seconds) _done;

    /// <summary>What a coordinator in the same process says too is said once.</summary>
    private LogLevel LevelBesideCoordinator =>
        _coordinator.Path.Address.HasLocalScope ? LogLevel.DebugLevel : LogLevel.InfoLevel;

    private void Count(ChunkDone done)
    {
        if (!_chunks.TryGetValue(new ChunkAttempt(done.Chunk, done.Attempt), out var chunk) || chunk.Request.InBothPrecisions) return;
        _done = (_done.Chunks + 1, _done.Probes + chunk.Request.Tile.Probes, _done.Seconds + done.ComputeSeconds);
    }

    private void LogDone()
    {
        _log.Log(
            LevelBesideCoordinator, null, "Worker {Worker} is done with job {Job}; chunks: {Chunks}, {Unit}s: {Probes}, computed for {ComputeSeconds} s",
            _settings.Id, _job, _done.Chunks, _spec!.Estimator.Unit, _done.Probes, Math.Round(_done.Seconds, 3));
    }

    private void LogFetched()
    {
        foreach (var (file, bytes) in _files.TakeFetched())
        {
            _log.Info(
                "Worker {Worker} fetched {Fetched} bytes of {File}, which has {Length}, for job {Job}",
                _settings.Id, bytes, file.Name, file.Length, _job);
        }
    }
}
