using ActorHutch.Curvature;
using ActorHutch.Curvature.Data.Bytes;
using ActorHutch.Fakes;
using ActorHutch.GpuWorker.Replicas;
using ActorHutch.Shared.Jobs;

namespace ActorHutch.GpuWorker.Tests.Replicas;

/// <summary>Tests of replicas that are made of files.</summary>
public abstract class ReplicaTests : IDisposable
{
    private readonly Dictionary<BlobId, HashedFile> _open = [];

    /// <summary>A model and data as a user has them.</summary>
    internal ModelFiles Files { get; } = new();

    public void Dispose()
    {
        foreach (var file in _open.Values) file.Dispose();
        Files.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>What a job would say of the files as they are now.</summary>
    protected RiskSource Source() => new()
    {
        Model = "model.json",
        ModelFile = Input(Files.PathOf("model.json")),
        Weights = Input(Files.PathOf("weights.safetensors")),
        Data = Input(Files.PathOf("data.safetensors")),
    };

    protected InputFile Input(string path)
    {
        var file = HashedFile.Open(path);
        var content = BlobReference.Of(file.Content);
        if (_open.Remove(content.Id, out var before)) before.Dispose();
        _open[content.Id] = file;
        return new InputFile(path, content.Id, content.Length);
    }

    protected IReplica Create(RiskSource source) => Create(new ReplicaKey(source, Dtype.Float32, "cpu", 1));

    protected IReplica Create(ReplicaKey key) => new TorchReplicaFactory().Create(key, new ReplicaFiles(_open));

    protected void Rejected(string message, RiskSource source)
    {
        var error = Assert.Throws<CurvatureException>(() =>
        {
            using var replica = Create(source);
            replica.CheckDeterminism();
        });
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }
}
