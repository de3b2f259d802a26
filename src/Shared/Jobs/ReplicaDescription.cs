namespace ActorHutch.Shared.Jobs;

/// <summary>What a replica holds: a model's weights and a batch.</summary>
/// <param name="Name">The model's name.</param>
/// <param name="Sha256">Hash of weights and batch in lower-case hexadecimal: equal replicas have equal hashes.</param>
/// <param name="Parameters">D, how many trainable numbers the model has.</param>
/// <param name="Samples">N, the samples in the batch.</param>
public sealed record ReplicaDescription(string Name, string Sha256, long Parameters, long Samples)
{
    /// <summary>The loss; null where an older journal does not say it.</summary>
    public LossDescription? Loss { get; init; }
}
