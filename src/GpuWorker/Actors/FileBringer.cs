using System.Collections.Concurrent;
using ActorHutch.Curvature;
using ActorHutch.Curvature.Data.Bytes;
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
internal sealed class FileBringer(WorkerSettings settings, Lazy<IMaterializer> materializer, TimeProvider time, Action progressed)
{
    private readonly ConcurrentDictionary<InputFile, long> _fetched = [];
    private volatile BlobSource _source = new(ActorRefs.Nobody, new CancellationToken(canceled: true));

    /// <summary>
    /// Says where segments come from from now on, for the replica of a job before may serve the next one too. Before
    /// <see cref="BringAsync(RiskSource, BlobSource, Action{InputFile})"/>, and in the order of jobs.
    /// </summary>
    public BlobSource Begin(ICanTell source, CancellationToken cancellation) => _source = new BlobSource(source, cancellation);

    /// <summary>What came from the coordinator since this was asked before: files, and bytes of each.</summary>
    public IReadOnlyList<(InputFile File, long Bytes)> TakeFetched() =>
        [.. _fetched.Keys.Select(file => (file, _fetched.TryRemove(file, out long bytes) ? bytes : 0))];

    /// <summary>Brings them, one after another; the calling thread is held up where files are hashed.</summary>
    /// <param name="risk">Names the files.</param>
    /// <param name="source">Where they come from.</param>
    /// <param name="begins">Is told what is brought, before it is.</param>
    /// <exception cref="BlobException">A file cannot be had, or may not be used; the message names it.</exception>
    public async Task<BroughtFiles> BringAsync(RiskSource risk, BlobSource source, Action<InputFile> begins)
    {
        source.Cancellation.ThrowIfCancellationRequested();
        long start = time.GetTimestamp();
        // So that the counter begins at 0.
        WorkerMetrics.Fetched(settings.Id, 0);
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
                brought.Add(files[file.Content.Id] = await BringAsync(file, source).ConfigureAwait(false));
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

    /// <summary>All of a file, or the list of its segments, which then come when they are read.</summary>
    private async Task<HashedFile> BringAsync(InputFile file, BlobSource source)
    {
        var fetcher = new BlobFetcher(settings.Cache, materializer.Value)
        {
            Progressed = progressed,
            Received = bytes =>
            {
                WorkerMetrics.Fetched(settings.Id, bytes);
                _fetched.AddOrUpdate(file, bytes, (_, before) => before + bytes);
            },
        };
        try
        {
            return file.Segments is { } segments
                ? await fetcher.FetchSegmentsAsync(() => _source, file.Name, file.Content, segments).ConfigureAwait(false)
                : await fetcher.FetchAsync(source.Actor, file.Content, source.Cancellation).ConfigureAwait(false);
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
            $"{model.Name} is a TorchScript program, and worker {settings.Id} runs no programs from a coordinator: start "
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
