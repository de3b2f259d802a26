using ActorHutch.Curvature;
using ActorHutch.Curvature.Data.Arrays;
using ActorHutch.Curvature.Operators;
using ActorHutch.Curvature.Probes;
using ActorHutch.GpuWorker.Replicas;
using ActorHutch.Shared.Jobs;

namespace ActorHutch.Coordinator.Tests.CommandLine;

/// <summary>Replicas in libtorch, and a test that does something before they are made and before they compute.</summary>
internal sealed class WatchedReplicaFactory : IReplicaFactory
{
    private readonly TorchReplicaFactory _factory = new();

    public Action? OnCreate { get; init; }

    /// <summary>Is given the first probe.</summary>
    public Action<long>? OnEvaluate { get; init; }

    public int CudaDeviceCount => 0;

    public string KindOf(string device) => _factory.KindOf(device);

    public IReplica Create(ReplicaKey key, ReplicaFiles files)
    {
        OnCreate?.Invoke();
        return new Replica(this, _factory.Create(key, files));
    }

    private sealed class Replica(WatchedReplicaFactory factory, IReplica replica) : IReplica
    {
        public ReplicaDescription Model => replica.Model;

        public IReadOnlyDictionary<string, long> Sizes => replica.Sizes;

        public void CheckDeterminism() => replica.CheckDeterminism();

        public CurvatureCheck Check(ArrayFile probe, CurvatureMethod? method) => replica.Check(probe, method);

        public IQuadraticForm QuadraticForm(CurvatureOptions options) => new Form(factory, replica.QuadraticForm(options));

        public void Dispose() => replica.Dispose();
    }

    private sealed class Form(WatchedReplicaFactory factory, IQuadraticForm form) : IQuadraticForm
    {
        public CurvatureMethod Method => form.Method;

        public string MethodReason => form.MethodReason;

        public IReadOnlyList<string> Blocks => form.Blocks;

        public IReadOnlyList<long[]> Shapes => form.Shapes;

        public long ShardSize => form.ShardSize;

        public long BasisCount => form.BasisCount;

        public ProbeSpace ProbeSpace => form.ProbeSpace;

        public ProbeValues Evaluate(long firstProbe, int count, CancellationToken cancellation = default)
        {
            factory.OnEvaluate?.Invoke(firstProbe);
            return form.Evaluate(firstProbe, count, cancellation);
        }

        public ProbeValues Evaluate(Tile tile, bool keeps, CancellationToken cancellation = default)
        {
            factory.OnEvaluate?.Invoke(tile.FirstProbe);
            return form.Evaluate(tile, keeps, cancellation);
        }

        public ProbeValues WarmUp(CancellationToken cancellation = default)
        {
            factory.OnEvaluate?.Invoke(0);
            return form.WarmUp(cancellation);
        }

        public void Dispose() => form.Dispose();
    }
}
