using ActorHutch.Curvature;
using ActorHutch.Curvature.Data.Arrays;
using ActorHutch.Curvature.Operators;
using ActorHutch.Shared.Jobs;

namespace ActorHutch.GpuWorker.Replicas;

/// <summary>What a replica is made from: jobs with equal keys can use the same one.</summary>
/// <param name="Risk">Model, loss and data.</param>
/// <param name="Dtype">The number type of weights and batch.</param>
/// <param name="Device"><c>cpu</c> or <c>cuda:I</c>.</param>
/// <param name="Threads">libtorch's threads for whoever computes with it.</param>
public sealed record ReplicaKey(RiskSource Risk, Dtype Dtype, string Device, int Threads)
{
    /// <summary>
    /// Whether, in double precision, model and data are to have the numbers that they have in single precision, where a factory
    /// of one's own may draw others: for comparing the two. What lies in files is read from them in any case.
    /// </summary>
    public bool HasSingleNumbers { get; init; }
}

/// <summary>A model and a batch on a device. It is created, used and disposed of on one thread.</summary>
public interface IReplica : IDisposable
{
    /// <summary>What it holds.</summary>
    ReplicaDescription Model { get; }

    /// <summary>How many parameters each block has, by its name.</summary>
    IReadOnlyDictionary<string, long> Sizes { get; }

    /// <summary>Computes the loss twice and compares.</summary>
    /// <exception cref="CurvatureException">The loss is not a function of the parameters, or not finite.</exception>
    void CheckDeterminism();

    /// <summary>The loss, and vᵀHv of the full Hessian for a probe of somebody else's.</summary>
    /// <param name="probe">The probe, by the parameters' names.</param>
    /// <param name="method">The method; null for the fastest that serves the model.</param>
    /// <exception cref="CurvatureException">The probe does not fit the model, or the method does not serve it.</exception>
    CurvatureCheck Check(ArrayFile probe, CurvatureMethod? method);

    /// <summary>The quadratic forms of a curvature matrix. The caller disposes of them before the replica.</summary>
    /// <exception cref="CurvatureException">The options ask for a combination that does not exist.</exception>
    IQuadraticForm QuadraticForm(CurvatureOptions options);
}

/// <summary>Makes replicas, and knows on what devices.</summary>
public interface IReplicaFactory
{
    /// <summary>How many CUDA devices this process can use.</summary>
    /// <exception cref="CurvatureException">libtorch cannot be loaded.</exception>
    int CudaDeviceCount { get; }

    /// <summary>
    /// What the rounding of a device depends on, and this factory's replicas on it: those of one kind give the same bits.
    /// </summary>
    /// <param name="device"><c>cpu</c> or <c>cuda:I</c>.</param>
    /// <exception cref="LibTorchException">libtorch cannot be loaded.</exception>
    string KindOf(string device);

    /// <summary>Makes a replica on the calling thread, which is the only one to use it.</summary>
    /// <param name="key">What it is made from.</param>
    /// <param name="files">The source's files, which stay the caller's and are open as long as the replica is used.</param>
    /// <exception cref="LibTorchException">libtorch cannot be loaded.</exception>
    /// <exception cref="CurvatureException">The source is at fault: it would be on any machine.</exception>
    /// <exception cref="FileChangedException">A file is not what it was when it was hashed.</exception>
    IReplica Create(ReplicaKey key, ReplicaFiles files);
}
