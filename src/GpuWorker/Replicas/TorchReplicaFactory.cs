using ActorHutch.Curvature;
using ActorHutch.Curvature.Models;
using ActorHutch.Shared.Blobs;
using ActorHutch.Shared.Jobs;
using TorchSharp;

namespace ActorHutch.GpuWorker.Replicas;

/// <summary>Replicas in libtorch.</summary>
public sealed class TorchReplicaFactory : IReplicaFactory
{
    /// <inheritdoc/>
    public int CudaDeviceCount
    {
        get
        {
            LibTorch.Load();
            return torch.cuda.is_available() ? torch.cuda.device_count() : 0;
        }
    }

    /// <inheritdoc/>
    public IReplica Create(ReplicaKey key, IReadOnlyDictionary<BlobId, string> files)
    {
        ArgumentNullException.ThrowIfNull(key);
        LibTorch.Load();
        // Holds for the calling thread, and must come before the first computation on it.
        torch.set_num_threads(key.Threads);

        var device = torch.device(key.Device);
        torch.InitializeDevice(device);
        var dtype = key.Dtype == Dtype.Float64 ? torch.ScalarType.Float64 : torch.ScalarType.Float32;
        return key.Risk.Model switch
        {
            RiskSource.MnistExample => new MnistReplica(MnistExample.Create(dtype, device)),
            _ => throw new CurvatureException(
                $"There is no model {key.Risk.Model}: it must be {string.Join(" or ", RiskSource.Models)}."),
        };
    }
}
