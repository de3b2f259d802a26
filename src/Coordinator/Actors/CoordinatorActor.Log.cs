using ActorHutch.Coordinator.Scheduling;
using ActorHutch.Shared.Jobs;
using ActorHutch.Shared.Messages;
using Akka.Event;

namespace ActorHutch.Coordinator.Actors;

/// <content>What the log is told of a job. Of each chunk that goes well, no more than whoever debugs wants to know.</content>
internal sealed partial class CoordinatorActor
{
    private void LogBegin(JobState state)
    {
        if (state.Recovered > 0)
            _log.Info("Job {Job}: {Recovered} chunks were in the state directory", state.Job, state.Recovered);
        _log.Info(
            "Job {Job} begins: {Model} by {Method}; probes: {Probes}, chunks: {Chunks}, workers: {Workers}",
            state.Job, state.Replica!.Model.Name, state.Replica.Method.Word(), state.Probes, state.ChunkCount, state.ReadyWorkers);
    }

    private void Log(WorkerKey worker, IJobMessage message)
    {
        switch (message)
        {
            case ReplicaReady ready:
                _log.Info(
                    "Worker {Worker} is ready for job {Job}: {WarmUpSeconds} s of warm-up, {TransferSeconds} s of transfer",
                    worker.Id, ready.Job, Math.Round(ready.WarmUpSeconds, 3), Math.Round(ready.TransferSeconds, 3));
                break;
            case ReplicaFailed failed:
                // What cannot be helped may end the job, which then says so itself.
                _log.Log(
                    failed.Retriable ? LogLevel.WarningLevel : LogLevel.InfoLevel, null, "Worker {Worker} cannot serve job {Job}: {Reason}", worker.Id, failed.Job,
                    failed.What);
                break;
            case ChunkFailed failed:
                // What the job does without, the job says itself.
                _log.Log(
                    JobState.IsComparison(failed.Chunk) ? LogLevel.InfoLevel : LogLevel.WarningLevel, null,
                    "Chunk {Chunk} of job {Job} failed on worker {Worker} in attempt {Attempt}: {Reason}",
                    failed.Chunk, failed.Job, worker.Id, failed.Attempt, failed.What);
                break;
            case ChunkDone done when _log.IsDebugEnabled:
                _log.Debug(
                    "Chunk {Chunk} of job {Job} is done by worker {Worker} in attempt {Attempt}: {Seconds} s",
                    done.Chunk, done.Job, worker.Id, done.Attempt, Math.Round(done.ComputeSeconds, 6));
                break;
        }
    }
}
