using System.Globalization;
using System.Text.Json;
using ActorHutch.Curvature.Data;
using ActorHutch.Shared.Blobs;
using ActorHutch.Shared.Jobs;

namespace ActorHutch.Coordinator.JobFiles;

/// <summary>
/// The fields that say where the function comes from whose curvature is asked for. A file is named by its path, by the
/// hash of what is in it, or by both; a result depends on the hash alone.
/// </summary>
internal static class RiskFields
{
    /// <summary>The micro-batch of all samples, in a word.</summary>
    public const string AllSamples = "all";

    /// <summary>What is right for the size of a micro-batch.</summary>
    public const string RightMicroBatch = "must be a whole number, at least 1, or all, or auto";

    /// <summary>Reads the size of a micro-batch; null where it is none.</summary>
    public static long? MicroBatchOf(string text) => text == AllSamples ? RiskSource.WholeBatch
        : long.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out long size) ? size : null;

    /// <summary>All of them, in the order in which they are written.</summary>
    public static JobField[] All { get; } =
    [
        new JobField(
            "model", "model", "must be a model's name, or a file's", true,
            (element, job) => element.ValueKind == JsonValueKind.String ? job.With(WithModel(job.Spec.Risk, element.GetString()!)) : null,
            // By its hash, which is a field of its own, where it is a file.
            job => job.Spec.Risk.ModelFile is { } file ? file.Path : job.Spec.Risk.IsBuiltIn ? job.Spec.Risk.Model : null)
        {
            IsPath = job => !job.Spec.Risk.IsBuiltIn,
            Schema = () => JobField.OfType("string"),
        },
        Hash("modelSha256", "model", risk => risk.ModelFile, (risk, file) => risk with { ModelFile = file, Model = file.Name }),
        .. File("weights", "weights", risk => risk.Weights, (risk, file) => risk with { Weights = file }),
        .. File("modelAssembly", "model-assembly", risk => risk.Assembly, (risk, file) => risk with { Assembly = file }),
        Text("modelType", "model-type", "must be the full name of a class", risk => risk.ModelType, (risk, type) => risk with { ModelType = type, Model = type }),
        Text("parameters", "parameters", "must be patterns of names with commas between them", risk => risk.Parameters,
            (risk, value) => risk with { Parameters = value }),
        .. File("data", "data", risk => risk.Data, (risk, file) => risk with { Data = file }),
        .. File("inputs", "inputs", risk => risk.Inputs, (risk, file) => risk with { Inputs = file }),
        .. File("targets", "targets", risk => risk.Targets, (risk, file) => risk with { Targets = file }),
        JobField.Parsed("scale", "scale", InputScale.Right,
            text => InputScale.TryParse(text, out var value) ? value : (InputScale?)null,
            job => job.Spec.Risk.Scale, (job, value) => job.With(job.Spec.Risk with { Scale = value })),
        JobField.Parsed("normalize", "normalize", Normalization.Right,
            text => Normalization.TryParse(text, out var value) ? value : (Normalization?)null,
            job => job.Spec.Risk.Normalize, (job, value) => job.With(job.Spec.Risk with { Normalize = value })),
        JobField.Number<long>("samples", "samples", "must be a whole number, at least 1", job => job.Spec.Risk.Samples,
            (job, value) => job.With(job.Spec.Risk with { Samples = value })),
        JobField.Number<long>("offset", "offset", "must be a whole number, at least 0",
            job => job.Spec.Risk.Offset is > 0 and var offset ? offset : null,
            (job, value) => job.With(job.Spec.Risk with { Offset = value })),
        MicroBatch(JobField.Number<long>("microBatch", "micro-batch", RightMicroBatch,
            job => job.Spec.Risk.MicroBatch, (job, value) => job.With(job.Spec.Risk with { MicroBatch = value }),
            job => job.With(job.Spec.Risk with { MicroBatch = null }))),
        JobField.Word("loss", "loss", Choices.Loss, job => job.Spec.Risk.Loss,
            (job, loss) => job.With(job.Spec.Risk with { Loss = loss }), job => job.With(job.Spec.Risk with { Loss = null })),
        // Left out where it is the default, so that the names of older jobs stay what they were.
        JobField.Word("reduction", "reduction", Choices.Reduction,
            job => job.Spec.Risk.Reduction == default ? null : job.Spec.Risk.Reduction,
            (job, reduction) => job.With(job.Spec.Risk with { Reduction = reduction })),
        JobField.Number<long>("ignoreIndex", "ignore-index", "must be a whole number",
            job => job.Spec.Risk.IgnoreIndex, (job, value) => job.With(job.Spec.Risk with { IgnoreIndex = value })),
    ];

    /// <summary>A source with another model: a built-in one's name, or a file.</summary>
    public static RiskSource WithModel(RiskSource risk, string model) => RiskSource.Models.Contains(model, StringComparer.Ordinal)
        ? risk with { Model = model, ModelFile = null }
        : risk with { Model = Path.GetFileName(model), ModelFile = new InputFile(model, risk.ModelFile?.Id) };

    /// <summary>The field of a number that may be the word for all samples, too.</summary>
    private static JobField MicroBatch(JobField number) => number with
    {
        Read = (element, job) => element.ValueKind == JsonValueKind.String && element.GetString() == AllSamples
            ? job.With(job.Spec.Risk with { MicroBatch = RiskSource.WholeBatch })
            : number.Read(element, job),
        Write = job => job.Spec.Risk.MicroBatch == RiskSource.WholeBatch ? AllSamples : number.Write(job),
        Schema = () => JobField.NumberOr(AllSamples, Choices.Auto),
    };

    private static JobField Text(
        string name, string option, string right, Func<RiskSource, string?> get, Func<RiskSource, string, RiskSource> set) =>
        JobField.Text(name, option, right, job => get(job.Spec.Risk), (job, value) => job.With(set(job.Spec.Risk, value)));

    private static JobField[] File(
        string name, string option, Func<RiskSource, InputFile?> get, Func<RiskSource, InputFile, RiskSource> set) =>
    [
        Text(name, option, "must be a file's name", risk => get(risk)?.Path,
            (risk, path) => set(risk, new InputFile(path, get(risk)?.Id))) with
        {
            IsPath = _ => true,
        },
        Hash(name + "Sha256", option, get, set),
    ];

    private static JobField Hash(
        string name, string option, Func<RiskSource, InputFile?> get, Func<RiskSource, InputFile, RiskSource> set) =>
        JobField.Parsed(
            name, option, "must be a SHA-256: 64 digits of lower-case hexadecimal",
            text => BlobId.TryParse(text, out var id) ? id : (BlobId?)null, job => get(job.Spec.Risk)?.Id,
            (job, id) => job.With(set(job.Spec.Risk, new InputFile(get(job.Spec.Risk)?.Path, id))));
}
