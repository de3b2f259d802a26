using System.Collections.Concurrent;
using ActorHutch.Curvature.Data.Arrays;
using ActorHutch.Curvature.Operators;
using ActorHutch.GpuWorker.Replicas;
using ActorHutch.Shared.Jobs;

namespace ActorHutch.Fakes;

/// <summary>Replicas without libtorch, whose every step a test can watch and spoil.</summary>
public sealed class FakeReplicaFactory : IReplicaFactory
{
    public int CudaDeviceCount { get; init; }

    public string Kind { get; init; } = "";

    public string KindOf(string device) => Kind;

    /// <summary>Called when a replica is made.</summary>
    public Action<ReplicaKey>? OnCreate { get; init; }

    /// <summary>Called when a replica is made, with its files.</summary>
    public Action<ReplicaFiles>? OnFiles { get; init; }

    /// <summary>Called when a replica's loss is checked.</summary>
    public Action? OnCheck { get; init; }

    /// <summary>Called before each evaluation.</summary>
    public Action<long, int, CancellationToken>? OnEvaluate { get; init; }

    /// <summary>Called when a form is made.</summary>
    public Action<CurvatureOptions>? OnForm { get; init; }

    /// <summary>Called before a form warms up, which is an evaluation too.</summary>
    public Action? OnWarmUp { get; init; }

    /// <summary>What becomes of a form's values.</summary>
    public Func<ProbeValues, ProbeValues> Changed { get; init; } = values => values;

    /// <summary>Hash of weights and batch.</summary>
    public string Sha256 { get; init; } = "00ff";

    public long BasisCount { get; init; } = 8;

    /// <summary>What single precision adds to the trace, in each probe.</summary>
    public double Rounding { get; init; }

    public ConcurrentQueue<FakeReplica> Created { get; } = [];

    public IReplica Create(ReplicaKey key, ReplicaFiles files)
    {
        OnCreate?.Invoke(key);
        OnFiles?.Invoke(files);
        var replica = new FakeReplica(this, key);
        Created.Enqueue(replica);
        return replica;
    }
}

/// <summary>A replica that remembers what was done with it, and on which threads.</summary>
public sealed class FakeReplica(FakeReplicaFactory factory, ReplicaKey key) : IReplica
{
    public ReplicaKey Key => key;

    /// <summary>How many samples it has.</summary>
    public const long Samples = 4;

    public ReplicaDescription Model { get; } = new("fake", factory.Sha256, 30, Samples)
    {
        Loss = new((key.Risk.Loss ?? LossKind.CrossEntropy).Word(), key.Risk.Reduction.Word(), "fake"),
    };

    public IReadOnlyDictionary<string, long> Sizes { get; } = new Dictionary<string, long> { ["first.weight"] = 24, ["second.weight"] = 6 };

    public ConcurrentQueue<FakeQuadraticForm> Forms { get; } = [];

    public ConcurrentBag<int> Threads { get; } = [Environment.CurrentManagedThreadId];

    public bool Disposed { get; private set; }

    public void CheckDeterminism()
    {
        Threads.Add(Environment.CurrentManagedThreadId);
        factory.OnCheck?.Invoke();
    }

    public CurvatureCheck Check(ArrayFile probe, CurvatureMethod? method) =>
        new(probe.Arrays.Count, FakeQuadraticForm.Trace)
        {
            Method = method ?? CurvatureMethod.Quadratic,
            Blocks = new Dictionary<string, double> { ["first.weight"] = 10, ["second.weight"] = 2 },
        };

    public IQuadraticForm QuadraticForm(CurvatureOptions options)
    {
        Threads.Add(Environment.CurrentManagedThreadId);
        factory.OnForm?.Invoke(options);
        var form = new FakeQuadraticForm(options)
        {
            BasisCount = factory.BasisCount,
            ShardSize = key.Risk.Shard ?? Curvature.ShardSize.Whole,
            Rounding = key.Dtype == Dtype.Float32 ? factory.Rounding : 0,
            OnWarmUp = factory.OnWarmUp,
            Changed = factory.Changed,
            OnEvaluate = (first, count, cancellation) =>
            {
                Threads.Add(Environment.CurrentManagedThreadId);
                factory.OnEvaluate?.Invoke(first, count, cancellation);
            },
        };
        Forms.Enqueue(form);
        return form;
    }

    public void Dispose()
    {
        Threads.Add(Environment.CurrentManagedThreadId);
        Disposed = true;
    }
}
