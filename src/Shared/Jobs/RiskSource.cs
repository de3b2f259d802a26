using ActorHutch.Curvature;
using ActorHutch.Curvature.Data.Arrays;
using ActorHutch.Curvature.Losses;
using ActorHutch.Shared.Options;

namespace ActorHutch.Shared.Jobs;

/// <summary>
/// Where the function comes from whose curvature is asked for: a model, a loss, and data. Workers with equal sources, and
/// equal number types, hold equal replicas.
/// </summary>
public sealed record RiskSource
{
    /// <summary>The <see cref="MicroBatch"/> or <see cref="Shard"/> of all samples, however many there are.</summary>
    public const long WholeBatch = long.MaxValue;

    /// <summary>The built-in example: the model and the batch of BackPACK's «Hutchinson Trace Estimation».</summary>
    public const string MnistExample = "mnist-example";

    /// <summary>The models that can be asked for by name.</summary>
    public static IReadOnlyList<string> Models { get; } = [MnistExample];

    /// <summary>
    /// What the model is called: a name of <see cref="Models"/>, or the file that it comes from. Default:
    /// <see cref="MnistExample"/>.
    /// </summary>
    public string Model { get; init; } = MnistExample;

    /// <summary>A TorchScript archive or a model description; null for a built-in model, or one of an assembly.</summary>
    public InputFile? ModelFile { get; init; }

    /// <summary>The weights of a model description: safetensors, of torch.save, or the index of shards, whose tensors are then one file's.</summary>
    public InputFile? Weights { get; init; }

    /// <summary>The assembly that makes the model. It is looked for on the worker's own disk, and never sent.</summary>
    public InputFile? Assembly { get; init; }

    /// <summary>The class in <see cref="Assembly"/> that makes the model.</summary>
    public string? ModelType { get; init; }

    /// <summary>
    /// Patterns of the parameters to restrict the matrix to, with commas between them, <c>*</c> for any characters and
    /// <c>?</c> for any one; null for all.
    /// </summary>
    public string? Parameters { get; init; }

    /// <summary>A file with the arrays <c>inputs</c> and <c>targets</c>.</summary>
    public InputFile? Data { get; init; }

    /// <summary>A file with the inputs alone.</summary>
    public InputFile? Inputs { get; init; }

    /// <summary>A file with the targets alone.</summary>
    public InputFile? Targets { get; init; }

    /// <summary>
    /// What inputs are multiplied by before they are normalised; null for 1/255 where they are bytes of IDX, and for nothing
    /// where they are not.
    /// </summary>
    public InputScale? Scale { get; init; }

    /// <summary>What inputs are normalised by; null for nothing.</summary>
    public Normalization? Normalize { get; init; }

    /// <summary>How many samples are taken; null for all from <see cref="Offset"/> on.</summary>
    public long? Samples { get; init; }

    /// <summary>The first sample that is taken. Default: 0.</summary>
    public long Offset { get; init; }

    /// <summary>
    /// Samples that are computed with at a time; null for as many as the memory budget allows, and
    /// <see cref="WholeBatch"/> for all. It may show in a result's last bits.
    /// </summary>
    public long? MicroBatch { get; init; }

    /// <summary>
    /// Samples in a shard, the part of the data that a chunk computes with; null for a size that the samples tell, and
    /// <see cref="WholeBatch"/> for all in one; <see cref="ShardSize.Small"/>; <see cref="ShardSize.Few"/>. It may show in a result's last bits.
    /// </summary>
    public long? Shard { get; init; }

    /// <summary>The loss; null for cross-entropy where targets are whole numbers and the squared error where they are not.</summary>
    public LossKind? Loss { get; init; }

    /// <summary>How the samples' losses are combined. Default: their mean.</summary>
    public Reduction Reduction { get; init; }

    /// <summary>The loss's arguments.</summary>
    public LossArguments LossArguments { get; init; } = LossArguments.None;

    /// <summary>Whether the model and its data are built in.</summary>
    public bool IsBuiltIn => ModelFile is null && Assembly is null;

    /// <summary>The files that a worker needs before it can begin, and that the coordinator has.</summary>
    public IEnumerable<InputFile> Files => new[] { ModelFile, Weights, Data, Inputs, Targets }.OfType<InputFile>();

    /// <summary>The same with every file put through a function, which is given the option's name too.</summary>
    public RiskSource WithFiles(Func<string, InputFile, InputFile> map)
    {
        ArgumentNullException.ThrowIfNull(map);
        InputFile? Map(string option, InputFile? file) => file is null ? null : map(option, file);
        return this with
        {
            ModelFile = Map("model", ModelFile),
            Weights = Map("weights", Weights),
            Assembly = Map("model-assembly", Assembly),
            Data = Map("data", Data),
            Inputs = Map("inputs", Inputs),
            Targets = Map("targets", Targets),
        };
    }

    /// <summary>Everything that is wrong with it, in the order of its fields; nothing where it is right.</summary>
    public IReadOnlyList<Problem> Validate()
    {
        var problems = new List<Problem>();
        void Add(bool wrong, string field, string value, string right)
        {
            if (wrong) problems.Add(new Problem(field, value, right));
        }

        bool builtIn = ModelFile is null && Assembly is null;
        Add(builtIn && !Models.Contains(Model, StringComparer.Ordinal), "model", Model,
            $"must be {string.Join(" or ", Models)}, a TorchScript archive (.pt) or a model description (.json)");
        Add(Assembly is not null && ModelFile is not null, "model-assembly", Assembly?.Name ?? "",
            "must not be there with --model: one of them is the model");
        Add(Assembly is not null && ModelType is null, "model-assembly", Assembly?.Name ?? "",
            "needs --model-type, the full name of the class that makes the model");
        Add(Assembly is null && ModelType is not null, "model-type", ModelType ?? "", "needs --model-assembly");
        Add(Weights is not null && ModelFile is null, "weights", Weights?.Name ?? "", Assembly is null
            ? "needs --model FILE.json, the description that they belong to"
            : "must not be there with --model-assembly, whose class makes a model with its weights");
        ValidateData(Add, builtIn);
        if (Parameters is not null && Parameters.Split(',').Any(string.IsNullOrWhiteSpace))
            Add(true, "parameters", Parameters, "must be patterns of names with commas between them, such as 'features.*.weight'");
        if (MicroBatch < 1) problems.Add(Problem.Of("micro-batch", MicroBatch.Value, "must be at least 1, all or auto"));
        if (Shard < 1 && Shard is not (ShardSize.Small or ShardSize.Few)) problems.Add(Problem.Of("shard", Shard.Value, "must be at least 1, all, small, few or auto"));
        return problems;
    }

    private void ValidateData(Action<bool, string, string, string> add, bool builtIn)
    {
        foreach (var (field, value) in DataOptions())
            add(builtIn, field, value, $"needs your own --model: {Model} has its own data and loss");
        if (builtIn) return;

        add(Data is null && Inputs is null && Targets is null && Assembly is null, "model", Model,
            "needs data: --data FILE with the arrays inputs and targets, or --inputs FILE and --targets FILE");
        add(Data is not null && (Inputs ?? Targets) is not null, "data", Data?.Name ?? "",
            "must not be there with --inputs and --targets: it holds both");
        add(Data is null && Inputs is not null && Targets is null, "inputs", Inputs?.Name ?? "", "needs --targets FILE beside it");
        add(Data is null && Targets is not null && Inputs is null, "targets", Targets?.Name ?? "", "needs --inputs FILE beside it");
        if (Samples < 1) add(true, "samples", $"{Samples}", "must be at least 1");
        if (Offset < 0) add(true, "offset", $"{Offset}", "must be at least 0");
        if (Scale is { IsRight: false } scale) add(true, "scale", scale.ToString(), InputScale.Right);
        foreach (var (argument, text) in LossArguments.Given)
        {
            add(argument.Read(LossArguments, text) is null, argument.Name, text, argument.Right);
            if (Loss is { } loss && !LossEntry.Of(loss).Arguments.Contains(argument))
                add(true, argument.Name, text, $"must not be there with --loss {loss.Word()}: {LossEntry.OwnersOf(argument)}");
        }

        if (Normalize is { } normalize && !(normalize.Deviation > 0 && double.IsFinite(normalize.Mean + normalize.Deviation)))
            add(true, "normalize", normalize.ToString(), Normalization.Right);
    }

    /// <summary>The options that say something of data and loss, for those models that bring both.</summary>
    public IEnumerable<(string Field, string Value)> DataOptions()
    {
        if (Data is not null) yield return ("data", Data.Name);
        if (Inputs is not null) yield return ("inputs", Inputs.Name);
        if (Targets is not null) yield return ("targets", Targets.Name);
        if (Scale is { } scale) yield return ("scale", scale.ToString());
        if (Normalize is { } normalize) yield return ("normalize", normalize.ToString());
        if (Samples is not null) yield return ("samples", $"{Samples}");
        if (Offset != 0) yield return ("offset", $"{Offset}");
        if (Loss is { } loss) yield return ("loss", loss.Word());
        if (Reduction != Reduction.Mean) yield return ("reduction", Reduction.Word());
        foreach (var (argument, text) in LossArguments.Given) yield return (argument.Name, text);
    }
}
