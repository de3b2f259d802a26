using ActorHutch.Shared.Blobs;
using ActorHutch.Shared.Jobs;
using Akka.Actor;
using Akka.Streams;

namespace ActorHutch.GpuWorker.Actors;

/// <summary>A job's files on this machine.</summary>
/// <param name="Paths">Where each lies.</param>
/// <param name="Seconds">What it took to bring them here; 0 where none had to come.</param>
internal sealed record BroughtFiles(IReadOnlyDictionary<BlobId, string> Paths, double Seconds);

/// <summary>
/// Brings the files that a job is made from to this machine: from where they lie already, from the cache, or from the
/// coordinator. Code is never brought: an assembly must be one that the worker was told of when it was started.
/// </summary>
/// <param name="settings">What the worker was told.</param>
/// <param name="materializer">Runs streams; made when the first file has to come.</param>
/// <param name="time">Measures how long it takes.</param>
/// <param name="progressed">Is called whenever something came, on any thread.</param>
internal sealed class JobFiles(WorkerSettings settings, Lazy<IMaterializer> materializer, TimeProvider time, Action progressed)
{
    /// <summary>Brings them, one after another.</summary>
    /// <param name="risk">Names the files.</param>
    /// <param name="source">The coordinator's <see cref="BlobActor"/>.</param>
    /// <param name="cancellation">Gives it up.</param>
    /// <exception cref="BlobException">A file cannot be had; the message names it.</exception>
    public async Task<BroughtFiles> BringAsync(RiskSource risk, ICanTell source, CancellationToken cancellation)
    {
        long start = time.GetTimestamp();
        bool came = false;
        var paths = new Dictionary<BlobId, string>();
        foreach (var file in risk.Files)
        {
            var blob = file.Content;
            if (settings.Files.PathOf(blob.Id) is { } here)
            {
                paths[blob.Id] = here;
                continue;
            }

            came = true;
            try
            {
                paths[blob.Id] = await new BlobFetcher(settings.Cache, materializer.Value) { Progressed = progressed }
                    .FetchAsync(source, blob, cancellation).ConfigureAwait(false);
            }
            catch (Exception error) when (error is BlobException or IOException or UnauthorizedAccessException)
            {
                throw new BlobException($"{file.Name}: {error.Message}", error);
            }
        }

        if (risk.Assembly is { } assembly)
        {
            paths[assembly.Content.Id] = settings.Files.PathOf(assembly.Content.Id) ?? throw new BlobException(
                $"{assembly.Name} (SHA-256 {assembly.Content.Id}) is not among the assemblies that worker {settings.Id} may load: "
                + "start it with --model-assembly FILE.");
        }

        return new BroughtFiles(paths, came ? time.GetElapsedTime(start).TotalSeconds : 0);
    }
}
