using System.Security.Cryptography;
using System.Text;
using ActorHutch.Curvature;
using ActorHutch.Curvature.Data;
using ActorHutch.Curvature.Losses;
using ActorHutch.Curvature.Models;
using ActorHutch.Shared.Blobs;
using ActorHutch.Shared.Jobs;
using TorchSharp;

namespace ActorHutch.GpuWorker.Replicas;

/// <summary>Makes models and samples of a source's files, on this machine.</summary>
/// <param name="source">The source.</param>
/// <param name="paths">Where its files lie.</param>
internal sealed class SourceFiles(RiskSource source, IReadOnlyDictionary<BlobId, string> paths)
{
    /// <summary>Hash of all that the files and the source say: of equal ones, replicas are equal.</summary>
    public string Sha256 => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n',
        new object?[]
        {
            source.ModelFile?.Id, source.Weights?.Id, source.Assembly?.Id, source.ModelType, source.Parameters,
            source.Data?.Id, source.Inputs?.Id, source.Targets?.Id, source.Normalize, source.Samples, source.Offset,
            source.Loss, source.Reduction,
        }.Select(part => part?.ToString() ?? "-")))));

    /// <summary>The model, in evaluation mode.</summary>
    /// <exception cref="CurvatureException">A file is at fault; the message names it.</exception>
    public torch.nn.Module<torch.Tensor, torch.Tensor> Model(torch.ScalarType dtype, torch.Device device) => Named(() =>
    {
        string path = PathOf(source.ModelFile!);
        if (!IsDescription(path))
        {
            if (source.Weights is null) return TorchScriptModel.Load(path, dtype, device);
            throw new CurvatureException(
                $"{source.Weights.Name}: must not be there, since {source.Model} is a TorchScript archive and holds its weights.");
        }

        var description = ModelDescription.Load(path);
        if (source.Weights is null)
            throw new CurvatureException($"{source.Model} is a model description, and needs --weights FILE.safetensors.");
        using var weights = ArrayFiles.Open(PathOf(source.Weights));
        var model = description.Build(dtype, device);
        try
        {
            StateDict.Load(model, weights);
            return model;
        }
        catch
        {
            model.Dispose();
            throw;
        }
    });

    /// <summary>The samples, looked through from end to end.</summary>
    /// <exception cref="CurvatureException">A file is at fault; the message names it.</exception>
    public Dataset Samples(torch.ScalarType dtype) => Named(() =>
    {
        var files = source.Data is { } both
            ? new DatasetFiles(PathOf(both))
            : new DatasetFiles(PathOf(source.Inputs!), PathOf(source.Targets!));
        var samples = Dataset.Open(files, new DatasetOptions
        {
            Offset = source.Offset,
            Samples = source.Samples,
            Mean = source.Normalize?.Mean,
            Deviation = source.Normalize?.Deviation,
        });
        try
        {
            samples.CheckFinite(dtype);
            return samples;
        }
        catch
        {
            samples.Dispose();
            throw;
        }
    });

    /// <summary>The loss that is asked for, or the one that the targets are for.</summary>
    public Loss Loss(Dataset samples) => (source.Loss ?? (samples.TargetsAreClasses ? LossKind.CrossEntropy : LossKind.Mse)) switch
    {
        LossKind.CrossEntropy => new CrossEntropy(source.Reduction),
        LossKind.Mse when samples.TargetsAreClasses => throw NoClasses("mse"),
        LossKind.Mse => new MeanSquaredError(source.Reduction),
        _ when samples.TargetsAreClasses => throw NoClasses("bce"),
        _ => new BinaryCrossEntropyWithLogits(source.Reduction),
    };

    /// <summary>Where a file lies.</summary>
    public string PathOf(InputFile file) => paths[file.Content.Id];

    /// <summary>Messages name files as the job does: on a worker they lie in a cache, under their hashes.</summary>
    private T Named<T>(Func<T> make)
    {
        try
        {
            return make();
        }
        catch (CurvatureException error) when (error is not MachineException)
        {
            string message = error.Message;
            foreach (var file in source.Files)
                message = message.Replace(PathOf(file), file.Name, StringComparison.Ordinal);
            throw new CurvatureException(message, error);
        }
    }

    private CurvatureException NoClasses(string loss) => new(
        $"--loss {loss} compares real numbers, and the targets of {(source.Data ?? source.Targets)!.Name} are whole: "
        + "use --loss cross-entropy, or save them as float32.");

    /// <summary>A description begins with a brace, a TorchScript archive with PK.</summary>
    private static bool IsDescription(string path)
    {
        using var stream = File.OpenRead(path);
        int first;
        do first = stream.ReadByte();
        while (first is ' ' or '\t' or '\r' or '\n' or 0xEF or 0xBB or 0xBF);
        return first is '{' or '[' or '"';
    }
}
