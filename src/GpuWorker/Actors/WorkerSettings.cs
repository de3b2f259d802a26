using ActorHutch.Shared.Blobs;
using ActorHutch.Shared.Hosting;
using ActorHutch.Shared.Messages;

namespace ActorHutch.GpuWorker.Actors;

/// <summary>What a worker is told when it starts.</summary>
/// <param name="Id">Its name, the same over its restarts.</param>
/// <param name="Device"><c>cpu</c> or <c>cuda:I</c>.</param>
public sealed record WorkerSettings(string Id, string Device)
{
    /// <summary>libtorch's threads. Default: 1.</summary>
    public int Threads { get; init; } = 1;

    /// <summary>The device's memory in bytes; null (the default) where it is not known.</summary>
    public long? MemoryBytes { get; init; }

    /// <summary>Workers in this process, who share the memory for what is kept between two chunks. Default: 1.</summary>
    public int WorkersHere { get; init; } = 1;

    /// <summary>Chunks it asks for beyond the one it computes, so that it need not wait for the next. Default: 1.</summary>
    public int Prefetch { get; init; } = 1;

    /// <summary>The kind of device: devices of one kind give the same bits. Default: not known.</summary>
    public string Kind { get; init; } = "";

    /// <summary>
    /// Where the coordinator is: in the same actor system (the default), or null where it has yet to be found.
    /// </summary>
    public string? Coordinator { get; init; } = CoordinatorAddress.Path;

    /// <summary>
    /// Files that the worker may read where they lie: in local mode the job's own, else the assemblies that it was
    /// allowed to load. Default: none.
    /// </summary>
    public BlobStore Files { get; init; } = new();

    /// <summary>
    /// Whether a model that comes from the coordinator may be TorchScript, a program that this process then runs. Default: no.
    /// Programs among <see cref="Files"/> are this machine's own.
    /// </summary>
    public bool AllowTorchScript { get; init; }

    /// <summary>Where files that come from the coordinator are kept. Default: <see cref="BlobCache.DefaultDirectory"/>.</summary>
    public BlobCache Cache { get; init; } = new(BlobCache.DefaultDirectory);

    /// <summary>The time between two attempts to register. Default: 1 s.</summary>
    public TimeSpan RegistrationInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The time between two statuses. Default: <see cref="ActorHutchSystem.StatusInterval"/>.</summary>
    public TimeSpan StatusInterval { get; init; } = ActorHutchSystem.StatusInterval;
}
