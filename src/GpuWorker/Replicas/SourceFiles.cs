using System.Security.Cryptography;
using System.Text;
using ActorHutch.Curvature;
using ActorHutch.Curvature.Data;
using ActorHutch.Curvature.Losses;
using ActorHutch.Curvature.Models;
using ActorHutch.Shared.Jobs;
using TorchSharp;

namespace ActorHutch.GpuWorker.Replicas;

/// <summary>Makes models and samples of a source's files, on this machine.</summary>
/// <param name="source">The source.</param>
/// <param name="files">Its files.</param>
internal sealed class SourceFiles(RiskSource source, ReplicaFiles files)
{
    /// <summary>Hash of all that the files and the source say: of equal ones, replicas are equal.</summary>
    public string Sha256 => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n',
        new object?[]
        {
            source.ModelFile?.Id, source.Weights?.Id, source.Assembly?.Id, source.ModelType, source.Parameters,
            source.Data?.Id, source.Inputs?.Id, source.Targets?.Id, source.Normalize, source.Samples, source.Offset,
            source.Loss, source.Reduction,
        }.Select(part => part?.ToString() ?? "-").Concat(Later)))));

    /// <summary>What sources can say since then, where they do: the hashes of all others stay what they were.</summary>
    private IEnumerable<string> Later
    {
        get
        {
            if (source.Scale is { } scale) yield return $"scale {scale}";
            if (source.IgnoreIndex is { } index) yield return $"ignore {index}";
        }
    }

    /// <summary>The model, in evaluation mode.</summary>
    /// <exception cref="CurvatureException">A file is at fault; the message names it.</exception>
    public torch.nn.Module<torch.Tensor, torch.Tensor> Model(torch.ScalarType dtype, torch.Device device) => Named(() =>
    {
        var file = files[source.ModelFile!];
        if (ModelFile.FormatOf(file) is ModelFormat.TorchScript)
        {
            if (source.Weights is null) return TorchScriptModel.Load(file, dtype, device);
            throw new CurvatureException(
                $"{source.Weights.Name}: must not be there, since {source.Model} is a TorchScript archive and holds its weights.");
        }

        var description = ModelDescription.Load(file);
        if (source.Weights is null)
            throw new CurvatureException($"{source.Model} is a model description, and needs --weights FILE.safetensors.");
        using var weights = ArrayFiles.Open(files[source.Weights]);
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
        var options = new DatasetOptions
        {
            Offset = source.Offset,
            Samples = source.Samples,
            Scale = source.Scale,
            Mean = source.Normalize?.Mean,
            Deviation = source.Normalize?.Deviation,
        };
        var samples = source.Data is { } both
            ? Dataset.Open(files[both], options: options)
            : Dataset.Open(files[source.Inputs!], files[source.Targets!], options);
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

    /// <summary>The loss that is asked for, else the one that the file of the targets names, else the one for their type; and why.</summary>
    /// <exception cref="CurvatureException">It does not serve the targets.</exception>
    public (Loss Loss, string Reason) Loss(Dataset samples)
    {
        var (kind, reason) = Chosen(samples);
        if (kind == LossKind.CrossEntropy && source.IgnoreIndex is { } ignored) reason += $"; targets of class {ignored} do not count";
        return (kind switch
        {
            LossKind.CrossEntropy => new CrossEntropy(
                source.Reduction, ignoreIndex: source.IgnoreIndex ?? CrossEntropy.DefaultIgnoreIndex),
            _ when source.IgnoreIndex is { } index => throw new CurvatureException(
                $"--ignore-index {index} names a class, and the loss is {kind.Word()} ({reason}), whose targets are no classes."),
            LossKind.Mse when samples.TargetsAreClasses => throw NoClasses("mse"),
            LossKind.Mse => new MeanSquaredError(source.Reduction),
            _ when samples.TargetsAreClasses => throw NoClasses("bce"),
            _ => new BinaryCrossEntropyWithLogits(source.Reduction),
        }, reason);
    }

    private (LossKind Kind, string Reason) Chosen(Dataset samples)
    {
        if (source.Loss is { } asked) return (asked, "asked for");
        string file = (source.Data ?? source.Targets)!.Name;
        if (samples.NamedLoss is { } named)
        {
            return Choices.Loss.TryParse(named, out var kind)
                ? (kind, $"as {file} says")
                : throw new CurvatureException($"{file} says that its targets are for the loss {named}, which is not known: --loss {Choices.Loss.Right}.");
        }

        if (samples.TargetsAreClasses) return (LossKind.CrossEntropy, "by the targets' type: whole numbers, which are classes");
        return (LossKind.Mse, samples.TargetsLookLikeProbabilities()
            ? "by the targets' type: real numbers; they look like probabilities of classes, for which there is --loss cross-entropy"
            : "by the targets' type: real numbers");
    }

    /// <summary>The assembly that makes the model.</summary>
    public HashedFile Assembly => files[source.Assembly!];

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
                message = message.Replace(files[file].Path, file.Name, StringComparison.Ordinal);
            throw new CurvatureException(message, error);
        }
    }

    private CurvatureException NoClasses(string loss) => new(
        $"--loss {loss} compares real numbers, and the targets of {(source.Data ?? source.Targets)!.Name} are whole: "
        + "save them as float32.");
}
