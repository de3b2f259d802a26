using Akka.Actor;

namespace ActorHutch.Shared.Blobs;

/// <summary>Where blobs come from, and until when they are wanted.</summary>
/// <param name="Actor">The coordinator's <see cref="BlobActor"/>.</param>
/// <param name="Cancellation">Gives up what is being fetched.</param>
public sealed record BlobSource(ICanTell Actor, CancellationToken Cancellation);
