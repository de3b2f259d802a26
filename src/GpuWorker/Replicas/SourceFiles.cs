using System.Security.Cryptography;
using System.Text;
using ActorHutch.Curvature;
using ActorHutch.Curvature.Data;
using ActorHutch.Curvature.Data.Bytes;
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
            foreach (var (argument, text) in source.LossArguments.Given)
                yield return $"{(argument == LossArgument.IgnoreIndex ? "ignore" : argument.Name)} {text}";
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

    /// <summary>The samples, of which none is read yet.</summary>
    /// <exception cref="CurvatureException">A file is at fault; the message names it.</exception>
    public Dataset Samples(torch.nn.Module<torch.Tensor, torch.Tensor> model) => Named(() =>
    {
        var options = new DatasetOptions
        {
            Inputs = (model as IModelOfInputs)?.Inputs,
            Offset = source.Offset,
            Samples = source.Samples,
            Scale = source.Scale,
            Mean = source.Normalize?.Mean,
            Deviation = source.Normalize?.Deviation,
        };
        return source.Data is { } both
            ? Dataset.Open(files[both], options: options)
            : Dataset.Open(files[source.Inputs!], files[source.Targets!], options);
    });

    /// <summary>The loss that is asked for, else the one that the file of the targets names, else the one for their type; and why.</summary>
    /// <exception cref="CurvatureException">It does not serve the targets, or takes no such arguments.</exception>
    public (Loss Loss, LossDescription Description) Loss(torch.nn.Module<torch.Tensor, torch.Tensor> model, Dataset samples)
    {
        if (model is IModelOfInputs { ComputesLoss: true }) return OfModel(samples);
        var (entry, reduction, arguments, reason) = Chosen(samples);
        if (entry.Foreign(arguments) is var (argument, text))
        {
            throw new CurvatureException(
                $"--{argument.Name} {text}: {LossEntry.OwnersOf(argument)}, and the loss is {entry.Word} ({reason}).");
        }

        if (samples.TargetsAreClasses ? entry.Targets == LossTargets.Numbers : entry.Targets == LossTargets.Classes)
        {
            throw new CurvatureException(samples.TargetsAreClasses
                ? $"--loss {entry.Word} compares real numbers, and the targets of {TargetsName} are whole: save them as float32."
                : $"--loss {entry.Word} takes class numbers, and the targets of {TargetsName} are real: save them as int64.");
        }

        var loss = entry.Make(reduction, arguments);
        return (loss, LossDescription.Of(loss, reason, arguments));
    }

    /// <summary>The loss that the model computes.</summary>
    private (Loss Loss, LossDescription Description) OfModel(Dataset samples)
    {
        string? other = source.Loss is { } asked ? $"--loss {asked.Word()}"
            : source.LossArguments.Given.Select(given => $"--{given.Argument.Name} {given.Text}").FirstOrDefault();
        if (other is not null)
            throw new CurvatureException($"{other}: {source.Model} takes the targets and computes its own loss. Leave out this option.");
        var (said, _) = Said(samples);
        var loss = new ModelLoss(source.Reduction == Reduction.Mean ? said : source.Reduction);
        return (loss, LossDescription.Of(loss, "the model computes it"));
    }

    private string TargetsName => (source.Data ?? source.Targets)!.Name;

    private (LossEntry Entry, Reduction Reduction, LossArguments Arguments, string Reason) Chosen(Dataset samples)
    {
        if (source.Loss is { } asked) return Own(asked, "asked for");
        if (samples.NamedLoss is { } named)
        {
            if (!Choices.Loss.TryParse(named, out var kind))
                throw new CurvatureException($"{TargetsName} says that its targets are for the loss {named}, which is not known: --loss {Choices.Loss.Right}.");
            var (reduction, arguments) = Said(samples);
            // Whoever wants the mean of a file that says another reduction names the loss, too.
            return (LossEntry.Of(kind), source.Reduction == Reduction.Mean ? reduction : source.Reduction,
                source.LossArguments.Over(arguments), $"as {TargetsName} says");
        }

        if (samples.TargetsAreClasses) return Own(LossKind.CrossEntropy, "by the targets' type: whole numbers, which are classes");
        return Own(LossKind.Mse, samples.TargetsLookLikeProbabilities()
            ? "by the targets' type: real numbers; they look like probabilities of classes, for which there is --loss cross-entropy"
            : "by the targets' type: real numbers");

        (LossEntry, Reduction, LossArguments, string) Own(LossKind kind, string reason) =>
            (LossEntry.Of(kind), source.Reduction, source.LossArguments, reason);
    }

    /// <summary>What the file of the targets says of its loss.</summary>
    private (Reduction Reduction, LossArguments Arguments) Said(Dataset samples)
    {
        var (reduction, arguments) = (Reduction.Mean, LossArguments.None);
        foreach (var (name, text) in samples.NamedLossArguments)
        {
            if (name == "reduction")
            {
                if (!Choices.Reduction.TryParse(text, out reduction)) throw Wrong(name, text, $"it {Choices.Reduction.Right}");
                continue;
            }

            var argument = LossArgument.All.FirstOrDefault(argument => argument.Name == name)
                ?? throw Wrong(name, text, "there is no such argument");
            arguments = argument.Read(arguments, text) ?? throw Wrong(name, text, $"it {argument.Right}");
        }

        return (reduction, arguments);

        CurvatureException Wrong(string name, string text, string why) =>
            new($"{TargetsName} says {name} {text} of its loss: {why}.");
    }

    /// <summary>The same samples, whose errors name the files as the job does.</summary>
    public ISamples Named(Dataset samples) => new NamedSamples(samples, this);

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

    private sealed class NamedSamples(Dataset samples, SourceFiles files) : ISamples
    {
        public long SampleCount => samples.SampleCount;

        public long Offset => samples.Offset;

        public (ModelInputs Inputs, torch.Tensor Targets) Read(long first, long count, torch.ScalarType dtype, torch.Device device) =>
            files.Named(() => samples.Read(first, count, dtype, device));

        public void CheckFinite(long first, long count, torch.ScalarType dtype) => files.Named(() =>
        {
            samples.CheckFinite(first, count, dtype);
            return true;
        });
    }
}
