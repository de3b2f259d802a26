using System.CommandLine;
using ActorHutch.Coordinator.JobFiles;
using ActorHutch.Curvature.Data;
using ActorHutch.Curvature.Losses;
using ActorHutch.Shared.Jobs;
using static ActorHutch.Shared.CommandLine.TypedOption;

namespace ActorHutch.Coordinator.CommandLine;

/// <summary>The options that say where the function comes from whose curvature is asked for.</summary>
internal sealed class RiskOptions
{
    public Option<string?> Model { get; } = new("--model")
    {
        HelpName = "FILE",
        Description = "A TorchScript archive (.pt), or a model description (.json) with --weights. Default: the built-in example",
    };

    public Option<string?> Weights { get; } = FileOption("--weights", "The weights of a model description, in safetensors. Default: none");

    public Option<string?> ModelAssembly { get; } =
        FileOption("--model-assembly", "An assembly with a model of one's own; workers load it from their own disk. Default: none");

    public Option<string?> ModelType { get; } = new("--model-type")
    {
        HelpName = "CLASS",
        Description = "The class in it that makes the model, with its namespace. Default: none",
    };

    public Option<string?> Parameters { get; } = new("--parameters")
    {
        HelpName = "PATTERN,…",
        Description = "Restrict the matrix to these parameters, such as 'features.*.weight'. Default: all",
    };

    public Option<string?> Data { get; } =
        FileOption("--data", "A file with the arrays inputs and targets: safetensors or .npz. Default: the built-in example's");

    public Option<string?> Inputs { get; } = FileOption("--inputs", "The inputs alone: IDX (.gz too), .npy, .npz, safetensors. Default: those of --data");

    public Option<string?> Targets { get; } = FileOption("--targets", "The targets alone, in any of these. Default: those of --data");

    public Option<InputScale?> Scale { get; } = new("--scale")
    {
        HelpName = "FACTOR",
        Description = "Inputs are multiplied by it: 1/255 for the bytes of images, as ToTensor has it. Default: 1/255 for bytes in IDX, others stay",
        CustomParser = result => Parse<InputScale>(
            result, InputScale.Right, auto: false, text => InputScale.TryParse(text, out var value) ? value : null),
    };

    public Option<Normalization?> Normalize { get; } = new("--normalize")
    {
        HelpName = "MEAN,DEVIATION",
        Description = "Inputs, scaled, become (x − MEAN) / DEVIATION. Default: they stay",
        CustomParser = result => Parse<Normalization>(
            result, Normalization.Right, auto: false,
            text => Normalization.TryParse(text, out var value) ? value : null),
    };

    public Option<long?> Samples { get; } =
        Number<long>("--samples", "N", "How many samples are taken. Default: all", "must be a whole number, at least 1");

    public Option<long?> Offset { get; } =
        Number<long>("--offset", "N", "The first sample that is taken. Default: 0", "must be a whole number, at least 0");

    public Option<long?> MicroBatch { get; } = new("--micro-batch")
    {
        HelpName = "N|all|auto",
        Description = "Samples computed with at a time; all for a model that mixes them. Default: auto, as many as the memory budget allows",
        CustomParser = result => Parse(result, RiskFields.RightMicroBatch, auto: true, RiskFields.MicroBatchOf),
        CompletionSources = { RiskFields.AllSamples, Choices.Auto },
    };

    public Option<LossKind?> Loss { get; } =
        Word("--loss", Choices.Loss, "The loss. Default: auto, what the data says, else cross-entropy for whole-numbered targets and mse for others", auto: true);

    public Option<Reduction?> Reduction { get; } =
        Word("--reduction", Choices.Reduction, "How the samples' losses are combined. Default: mean");

    public Option<long?> IgnoreIndex { get; } =
        Number<long>("--ignore-index", "N", "Targets of this class count for nothing. Default: -100, as in PyTorch", "must be a whole number");

    /// <summary>All of them.</summary>
    public IReadOnlyList<Option> All =>
    [
        Model, Weights, ModelAssembly, ModelType, Parameters, Data, Inputs, Targets, Scale, Normalize, Samples, Offset,
        MicroBatch, Loss, Reduction, IgnoreIndex,
    ];

    /// <summary>What the options say, else what was said before.</summary>
    public static RiskSource Read(RiskOptions options, RiskSource before, OptionValues values)
    {
        var risk = values.Of(options.Model) is { } model
            ? RiskFields.WithModel(before with { ModelFile = null }, model)
            : before;
        InputFile? File(Option<string?> option, InputFile? given) =>
            values.Of(option) is { } path ? new InputFile(path) : given;
        return risk with
        {
            Model = values.Of(options.ModelType) ?? risk.Model,
            Weights = File(options.Weights, risk.Weights),
            Assembly = File(options.ModelAssembly, risk.Assembly),
            ModelType = values.Of(options.ModelType) ?? risk.ModelType,
            Parameters = values.Of(options.Parameters) ?? risk.Parameters,
            Data = File(options.Data, risk.Data),
            Inputs = File(options.Inputs, risk.Inputs),
            Targets = File(options.Targets, risk.Targets),
            Scale = values.Of(options.Scale) ?? risk.Scale,
            Normalize = values.Of(options.Normalize) ?? risk.Normalize,
            Samples = values.Of(options.Samples) ?? risk.Samples,
            Offset = values.Of(options.Offset) ?? risk.Offset,
            MicroBatch = values.IsGiven(options.MicroBatch) ? values.Of(options.MicroBatch) : risk.MicroBatch,
            Loss = values.IsGiven(options.Loss) ? values.Of(options.Loss) : risk.Loss,
            Reduction = values.Of(options.Reduction) ?? risk.Reduction,
            IgnoreIndex = values.Of(options.IgnoreIndex) ?? risk.IgnoreIndex,
        };
    }

    private static Option<string?> FileOption(string name, string description) =>
        new(name) { HelpName = "FILE", Description = description };
}
