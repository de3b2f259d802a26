using ActorHutch.Curvature;
using ActorHutch.Curvature.Data.Arrays;
using ActorHutch.Shared.Jobs;
using ActorHutch.Shared.Options;
using static ActorHutch.Shared.Options.OptionEntry;

namespace ActorHutch.Coordinator.JobFiles;

/// <summary>
/// The options that say where the function comes from whose curvature is asked for. A file is named by its path, by the
/// hash of what is in it, or by both; a result depends on the hash alone, and only job files say that.
/// </summary>
internal static class RiskOptions
{
    /// <summary>All of them.</summary>
    public static IReadOnlyList<OptionEntry<RiskSource>> All { get; } =
    [
        Of("model", "A TorchScript archive (.pt), or a model description (.json) with --weights", "the built-in example",
            Formats.File with { Right = "must be a model's name, or a file's" },
            // By its hash, which is a field of its own, where it is a file whose path nobody knows.
            (RiskSource risk) => risk.ModelFile is { } file ? file.Path : risk.IsBuiltIn ? risk.Model : null, WithModel),
        Hash("model", risk => risk.ModelFile, (risk, file) => risk with { ModelFile = file, Model = file.Name }),
        .. File("weights", "The weights of a model description: safetensors, the index of its shards (model.safetensors.index.json), or of torch.save; a pattern such as 'run/*.safetensors', or a list, for the trace along training", "none", risk => risk.Weights, (risk, file) => risk with { Weights = file }),
        .. File("model-assembly", "An assembly with a model of one's own; workers load it from their own disk", "none",
            risk => risk.Assembly, (risk, file) => risk with { Assembly = file }),
        Of("model-type", "The class in it that creates the model, with its namespace", "none", Formats.Text("CLASS", "must be the full name of a class"),
            (RiskSource risk) => risk.ModelType, (risk, value) => risk with { ModelType = value, Model = value }),
        Of("parameters", "Restrict the matrix to these parameters, such as 'features.*.weight'", "all",
            Formats.Text("PATTERN,…", "must be patterns of names with commas between them"),
            (RiskSource risk) => risk.Parameters, (risk, value) => risk with { Parameters = value }),
        .. File("data", "A file with the arrays inputs and targets: safetensors or .npz", "the built-in example's",
            risk => risk.Data, (risk, file) => risk with { Data = file }),
        .. File("inputs", "The inputs alone: IDX (.gz too), .npy, .npz, safetensors", "those of --data",
            risk => risk.Inputs, (risk, file) => risk with { Inputs = file }),
        .. File("targets", "The targets alone, in any of these", "those of --data", risk => risk.Targets, (risk, file) => risk with { Targets = file }),
        Of("scale", "Inputs are multiplied by it: 1/255 for the bytes of images, as ToTensor has it", "1/255 for bytes in IDX, others stay",
            Formats.Parsed<InputScale>("FACTOR", InputScale.Right, InputScale.TryParse),
            (RiskSource risk) => risk.Scale, (risk, value) => risk with { Scale = value }),
        Of("normalize", "Inputs, scaled, become (x − MEAN) / DEVIATION", "they stay",
            Formats.Parsed<Normalization>("MEAN,DEVIATION", Normalization.Right, Normalization.TryParse),
            (RiskSource risk) => risk.Normalize, (risk, value) => risk with { Normalize = value }),
        Of("samples", "The number of samples to use", "all", Formats.Number<long>(),
            (RiskSource risk) => risk.Samples, (risk, value) => risk with { Samples = value }),
        Of("offset", "The first sample to use", "0", Formats.Number<long>(right: "must be a whole number, at least 0"),
            (RiskSource risk) => risk.Offset > 0 ? risk.Offset : null, (risk, value) => risk with { Offset = value }),
        Of("micro-batch", "The number of samples in one forward pass; all for a model that mixes samples", "auto, as many as the memory budget allows",
            Formats.Number<long>().Or("all", RiskSource.WholeBatch).OrAuto(),
            (RiskSource risk) => risk.MicroBatch == RiskSource.WholeBatch ? "all" : risk.MicroBatch, (risk, value) => risk with { MicroBatch = value }),
        Of("shard", "The number of samples in a shard: a chunk is some probes on one shard of the data", "auto, at most 1024 of 64 MiB; small for subsample, few (32, of 256 samples or more) for eigenvalues, diagonal, xtrace and hutchpp",
            Formats.Number<long>().Or("all", RiskSource.WholeBatch).Or("small", ShardSize.Small).Or("few", ShardSize.Few).OrAuto(),
            (RiskSource risk) => risk.Shard switch { RiskSource.WholeBatch => "all", ShardSize.Small => "small", ShardSize.Few => "few", var size => (object?)size }, (risk, value) => risk with { Shard = value }),
        // Its words are in the description, since all in a row they are too many for a line.
        Of("loss", $"The loss: {string.Join(", ", Choices.Loss.Words)}",
            "auto, what the data says, else cross-entropy for whole-numbered targets and mse for others", Choices.Loss.Format.OrAuto() with { Symbol = "NAME" },
            (RiskSource risk) => risk.Loss, (risk, value) => risk with { Loss = value }),
        // Not written where it is the default, so that the names of older jobs stay what they were.
        Of("reduction", "How the losses are reduced; batch-mean: summed over each sample's outputs, averaged over samples", "mean",
            Choices.Reduction.Format, (RiskSource risk) => risk.Reduction, (risk, value) => risk with { Reduction = value })
            .Unless(new RiskSource()),
        .. LossArgument.All.In((RiskSource risk) => risk.LossArguments, (risk, given) => risk with { LossArguments = given }),
    ];

    /// <summary>A source with another model: a built-in one's name, or a file.</summary>
    private static RiskSource WithModel(RiskSource risk, string model) => RiskSource.Models.Contains(model, StringComparer.Ordinal)
        ? risk with { Model = model, ModelFile = null }
        : risk with { Model = Path.GetFileName(model), ModelFile = new InputFile(model) };

    private static OptionEntry<RiskSource>[] File(
        string name, string description, string byDefault, Func<RiskSource, InputFile?> get, Func<RiskSource, InputFile, RiskSource> set) =>
    [
        Of(name, description, byDefault, Formats.File, (RiskSource risk) => get(risk)?.Path, (risk, path) => set(risk, new InputFile(path))),
        Hash(name, get, set),
    ];

    /// <summary>The hash of a file, which is read after its path.</summary>
    private static OptionEntry<RiskSource> Hash(string name, Func<RiskSource, InputFile?> get, Func<RiskSource, InputFile, RiskSource> set) =>
        Of($"{name}-sha256", $"The SHA-256 of the file of --{name}", "that of what is there",
            Formats.Parsed<BlobId>("SHA256", "must be a SHA-256: 64 digits of lower-case hexadecimal", BlobId.TryParse),
            (RiskSource risk) => get(risk)?.Id, (risk, id) => set(risk, new InputFile(get(risk)?.Path, id))) with
        {
            Commands = [],
        };
}
