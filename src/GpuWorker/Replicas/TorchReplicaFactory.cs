using ActorHutch.Curvature;
using ActorHutch.Curvature.Native;
using ActorHutch.Curvature.Risks;
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
    public string KindOf(string device) => DeviceKind.Of(device);

    /// <inheritdoc/>
    public IReplica Create(ReplicaKey key, ReplicaFiles files)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(files);
        LibTorch.Load();
        // Holds for the calling thread, and must come before the first computation on it.
        torch.set_num_threads(key.Threads);

        var device = torch.device(key.Device);
        torch.InitializeDevice(device);
        var dtype = key.Dtype == Dtype.Float64 ? torch.ScalarType.Float64 : torch.ScalarType.Float32;
        var source = key.Risk;
        if (source.Assembly is not null) return OfAssembly(key, new SourceFiles(source, files), dtype, device);
        if (source.ModelFile is not null)
        {
            var sources = new SourceFiles(source, files);
            return Owning(sources.Model(dtype, device), model => Owning(SharedWeights.Of(key, model), shared => OfModel(source, sources, model, shared)));
        }

        return source.Model switch
        {
            RiskSource.MnistExample => Owning(MnistExample.Create(dtype, device), example => new TorchReplica(
                source, example.Sha256, example.Risk.Model, example.Risk.Loss, LossDescription.Of(example.Risk.Loss, "the example's"),
                new TensorSamples(example.Risk.Inputs, example.Risk.Targets), example)),
            _ => throw new CurvatureException(
                $"There is no model {source.Model}: it must be {string.Join(" or ", RiskSource.Models)}."),
        };
    }

    private static TorchReplica OfAssembly(
        ReplicaKey key, SourceFiles files, torch.ScalarType dtype, torch.Device device)
    {
        var source = key.Risk;
        object factory = AssemblyModels.Factory(files.Assembly, source.ModelType!);
        bool hasData = (source.Data ?? source.Inputs) is not null;
        if (key.HasSingleNumbers) factory = SingleNumbers.Of(factory, isOfModels: hasData);
        if (hasData)
        {
            return factory is IModelFactory models
                ? Owning(models.CreateModel(dtype, device), model => OfModel(source, files, model))
                : throw new CurvatureException(
                    $"{source.ModelType} creates its own data: leave out --data, --inputs and --targets, or make it an {nameof(IModelFactory)}.");
        }

        if (factory is not IRiskFactory risks)
        {
            throw new CurvatureException(
                $"{source.ModelType} creates only a model: give data with --data, or make it an {nameof(IRiskFactory)}.");
        }

        if (source.DataOptions().Select(option => option.Field).FirstOrDefault() is { } field)
            throw new CurvatureException($"{source.ModelType} creates its own data and loss: leave out --{field}.");
        var risk = risks.CreateRisk(dtype, device);
        return Owning(risk.Model, model => Owning(risk.Inputs.Map(Aligned), inputs => Owning(Aligned(risk.Targets), targets => new TorchReplica(
            source, files.Sha256, risk.Model, risk.Loss, LossDescription.Of(risk.Loss, $"that of {source.ModelType}"), new TensorSamples(inputs, targets), model, inputs, targets))));
    }

    /// <summary>
    /// A tensor that is made from a .NET array lies where the array lies. At another address, other kernels round otherwise: it
    /// is copied to where libtorch would have put it, so that workers of one kind give the same bits.
    /// </summary>
    private static torch.Tensor Aligned(torch.Tensor tensor)
    {
        if (tensor.device_type != DeviceType.CPU) return tensor;
        using (tensor) return tensor.clone();
    }

    private static TorchReplica OfModel(
        RiskSource source, SourceFiles files, torch.nn.Module<torch.Tensor, torch.Tensor> model, params IReadOnlyList<IDisposable> before) =>
        Owning(files.Samples(model), samples =>
        {
            var (loss, description) = files.Loss(model, samples);
            return new TorchReplica(source, files.Sha256, model, loss, description, files.Named(samples), [.. before, model, samples]);
        });

    /// <summary>What was made is disposed of where nobody takes it.</summary>
    private static TResult Owning<T, TResult>(T made, Func<T, TResult> use) where T : IDisposable
    {
        try
        {
            return use(made);
        }
        catch
        {
            made.Dispose();
            throw;
        }
    }
}
