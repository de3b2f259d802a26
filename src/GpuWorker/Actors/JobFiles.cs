using ActorHutch.Curvature;
using ActorHutch.Curvature.Data;
using ActorHutch.Curvature.Models;
using ActorHutch.GpuWorker.Replicas;
using ActorHutch.Shared.Blobs;
using ActorHutch.Shared.Jobs;
using Akka.Actor;
using Akka.Streams;

namespace ActorHutch.GpuWorker.Actors;

/// <summary>A job's files on this machine.</summary>
/// <param name="Files">The files, the receiver's to dispose of.</param>
/// <param name="Seconds">What it took to bring them here; 0 where none had to come.</param>
internal sealed record BroughtFiles(ReplicaFiles Files, double Seconds);

/// <summary>
/// Brings the files that a job is made from to this machine: from where they lie already, from the cache, or from the
/// coordinator. Code is never brought: an assembly must be one that the worker was told of when it was started; nor is
/// TorchScript, which is code too, unless the worker was told to take it.
/// </summary>
/// <param name="settings">What the worker was told.</param>
/// <param name="materializer">Runs streams; made when the first file has to come.</param>
/// <param name="time">Measures how long it takes.</param>
/// <param name="progressed">Is called whenever something came, on any thread.</param>
internal sealed class JobFiles(WorkerSettings settings, Lazy<IMaterializer> materializer, TimeProvider time, Action progressed)
{
    /// <summary>Brings them, one after another; the calling thread is held up where files are hashed.</summary>
    /// <param name="risk">Names the files.</param>
    /// <param name="source">The coordinator's <see cref="BlobActor"/>.</param>
    /// <param name="begins">Is told what is brought, before it is.</param>
    /// <param name="cancellation">Gives it up.</param>
    /// <exception cref="BlobException">A file cannot be had, or may not be used; the message names it.</exception>
    public async Task<BroughtFiles> BringAsync(
        RiskSource risk, ICanTell source, Action<InputFile> begins, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        long start = time.GetTimestamp();
        var files = new Dictionary<BlobId, HashedFile>();
        var brought = new List<HashedFile>();
        try
        {
            foreach (var file in risk.Files)
            {
                if (settings.Files.FileOf(file.Content.Id) is { } here)
                {
                    files[file.Content.Id] = here;
                    continue;
                }

                begins(file);
                brought.Add(files[file.Content.Id] = await BringAsync(file, source, cancellation).ConfigureAwait(false));
                if (file == risk.ModelFile) CheckAllowed(file, brought[^1]);
            }

            if (risk.Assembly is { } assembly) files[assembly.Content.Id] = AssemblyHere(assembly);
        }
        catch
        {
            foreach (var file in brought) file.Dispose();
            throw;
        }

        return new BroughtFiles(
            new ReplicaFiles(files, brought), brought.Count > 0 ? time.GetElapsedTime(start).TotalSeconds : 0);
    }

    private async Task<HashedFile> BringAsync(InputFile file, ICanTell source, CancellationToken cancellation)
    {
        try
        {
            return await new BlobFetcher(settings.Cache, materializer.Value) { Progressed = progressed }
                .FetchAsync(source, file.Content, cancellation).ConfigureAwait(false);
        }
        catch (Exception error) when (error is BlobException or IOException or UnauthorizedAccessException)
        {
            throw new BlobException($"{file.Name}: {error.Message}", error);
        }
    }

    private void CheckAllowed(InputFile model, HashedFile file)
    {
        if (settings.AllowTorchScript || !IsTorchScript(file)) return;
        throw new BlobException(
            $"{model.Name} is TorchScript, which is a program, and worker {settings.Id} runs none that a coordinator sends: start "
            + "it with --allow-torchscript, or give the model as a description (model.json), which needs no permission.");
    }

    private static bool IsTorchScript(HashedFile file)
    {
        try
        {
            return ModelFile.FormatOf(file) is ModelFormat.TorchScript;
        }
        catch (CurvatureException error) when (error is not FileChangedException)
        {
            // It is no model of either form, which is said when the replica is made.
            return false;
        }
    }

    private HashedFile AssemblyHere(InputFile assembly) =>
        settings.Files.FileOf(assembly.Content.Id) ?? throw new BlobException(
            $"{assembly.Name} (SHA-256 {assembly.Content.Id}) is not among the assemblies that worker {settings.Id} may load: "
            + "start it with --model-assembly FILE.");
}
