using System.Globalization;
using ActorHutch.Shared.Jobs;

namespace ActorHutch.Coordinator.Reports.Html;

/// <summary>Facts that several pages have.</summary>
internal static class PageFacts
{
    /// <summary>What a model is; nothing where none is known.</summary>
    public static IEnumerable<(string Name, string? Value)> Of(ReplicaDescription? model) => model is null
        ? []
        :
        [
            ("model", model.Name),
            ("parameters", Figures.Whole(model.Parameters)),
            ("samples", Figures.Whole(model.Samples)),
            ("loss", model.Loss?.ToString()),
            ("model and batch, SHA-256", Figures.Beginning(model.Sha256, 12)),
        ];

    /// <summary>When and where it was computed.</summary>
    public static IEnumerable<(string Name, string? Value)> Of(RunReport run) =>
    [
        ("started", DateTimeOffset.Parse(run.Started, CultureInfo.InvariantCulture).ToString("yyyy-MM-dd HH:mm:ss zzz", CultureInfo.InvariantCulture)),
        ("machine", run.Machine.Text),
        ("time in all", Figures.Seconds(run.TotalSeconds)),
    ];

    /// <summary>What a job makes of its data, where it says so.</summary>
    public static IEnumerable<(string Name, string? Value)> Of(RiskSource risk) =>
    [
        ("inputs multiplied by", risk.Scale?.ToString()),
        ("inputs normalised by", risk.Normalize?.ToString()),
    ];

    /// <summary>What several jobs have in common.</summary>
    public static IEnumerable<(string Name, string? Value)> Of(JobSpec spec) =>
    [
        ("number type", spec.Dtype.Word()),
        ("matrix", Terms.Matrix(spec.Matrix)),
        ("probes", $"{Figures.Whole(spec.Probes)} {Terms.Distribution(spec.Distribution)} each"),
    ];
}
