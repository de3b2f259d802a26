using System.Collections.Concurrent;
using ActorHutch.Shared.Jobs;

namespace ActorHutch.Shared.Blobs;

/// <summary>What a process is fetching into its cache, so that of several workers that want one blob, one fetches it for all.</summary>
internal sealed class BlobFetches
{
    private readonly ConcurrentDictionary<BlobId, Fetch> _fetches = [];

    /// <summary>
    /// The right to fetch a blob; null where another worker had it, and has done with it now, well or not.
    /// </summary>
    /// <param name="id">The blob.</param>
    /// <param name="progressed">Is called for each piece that comes to the other one.</param>
    /// <param name="cancellation">Ends the wait for the other one.</param>
    /// <returns>To be disposed of when it was fetched, or could not be.</returns>
    public async Task<Fetch?> TakeAsync(BlobId id, Action progressed, CancellationToken cancellation)
    {
        var own = new Fetch(this, id);
        var first = _fetches.GetOrAdd(id, own);
        if (first == own) return own;
        first.Progressed += progressed;
        try
        {
            await first.Done.WaitAsync(cancellation).ConfigureAwait(false);
            return null;
        }
        finally
        {
            first.Progressed -= progressed;
        }
    }

    /// <summary>One blob that is being fetched.</summary>
    internal sealed class Fetch(BlobFetches fetches, BlobId id) : IDisposable
    {
        private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public event Action? Progressed;

        public Task Done => _done.Task;

        public void Progress() => Progressed?.Invoke();

        public void Dispose()
        {
            fetches._fetches.TryRemove(id, out _);
            _done.TrySetResult();
        }
    }
}
