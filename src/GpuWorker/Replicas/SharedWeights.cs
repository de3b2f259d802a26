using ActorHutch.Shared.Jobs;
using static TorchSharp.torch;

namespace ActorHutch.GpuWorker.Replicas;

/// <summary>
/// One copy of a model's weights for all workers of a process that hold the same ones on the same device. Each has a module of
/// its own, whose parameters and buffers lie where the first one's do; nothing writes to them.
/// </summary>
internal sealed class SharedWeights : IDisposable
{
    private static readonly Lock Gate = new();
    private static readonly Dictionary<Key, SharedWeights> First = [];

    private readonly Key _key;
    private readonly Tensor[] _weights;

    private SharedWeights(Key key, Tensor[] weights) => (_key, _weights) = (key, weights);

    /// <summary>Lets a model's weights lie where those of another one of the same key do, or offers them to others.</summary>
    /// <param name="key">What the model is made from, and where it is.</param>
    /// <param name="model">The model, with its weights. It is disposed of after the result.</param>
    public static SharedWeights Of(ReplicaKey key, nn.Module model)
    {
        var of = new Key(key.Risk.ModelFile!.Id, key.Risk.Weights?.Id, key.Dtype, key.Device, key.HasSingleNumbers);
        var own = new SharedWeights(of, [.. model.parameters(), .. model.buffers()]);
        // Files without a hash may be any.
        if (of.Model is null || of.Weights is null) return own;
        lock (Gate)
        {
            if (First.TryAdd(of, own)) return own;
            using var noGrad = no_grad();
            foreach (var (weight, first) in own._weights.Zip(First[of]._weights)) weight.set_(first);
        }

        return own;
    }

    /// <summary>Offers them no more. Those who share them keep them.</summary>
    public void Dispose()
    {
        lock (Gate)
        {
            if (First.GetValueOrDefault(_key) == this) First.Remove(_key);
        }
    }

    private sealed record Key(BlobId? Model, BlobId? Weights, Dtype Dtype, string Device, bool HasSingleNumbers);
}
