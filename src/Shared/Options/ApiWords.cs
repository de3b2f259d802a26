using System.Text.RegularExpressions;
using ActorHutch.Curvature;
using ActorHutch.Curvature.Data;
using ActorHutch.Curvature.Losses;
using ActorHutch.Curvature.Operators;
using ActorHutch.Curvature.Probes;

namespace ActorHutch.Shared.Options;

/// <summary>
/// The library's messages name what its callers would say: <c>CurvatureMethod.Autodiff</c>. Who says it on a command line
/// says <c>--method autodiff</c>.
/// </summary>
public static partial class ApiWords
{
    private static readonly Dictionary<string, string> Options = new[]
    {
        Values<CurvatureMatrix>("matrix"), Values<BlockStructure>("structure"), Values<CurvatureMethod>("method"), Values<ProbeSpace>("probe-space"),
        [
            ($"{nameof(CurvatureOptions)}.{nameof(CurvatureOptions.Method)}", "--method"),
            ($"{nameof(CurvatureOptions)}.{nameof(CurvatureOptions.MemoryBudget)}", "--memory-budget"),
            ($"{nameof(CurvatureOptions)}.{nameof(CurvatureOptions.LanczosSteps)}", "--lanczos-steps"),
            ($"{nameof(DatasetOptions)}.{nameof(DatasetOptions.Scale)}", "--scale"),
            ($"{nameof(ShardSize)}.{nameof(ShardSize.Whole)}", "--shard all"),
            (nameof(BinaryCrossEntropyWithLogits), "--loss bce"),
            .. ((string[])["microBatch", "ignoreIndex", "classDimension", "logTarget", "posWeight"]).Select(parameter => (parameter, "--" + Kebab(parameter))),
        ],
    }.SelectMany(words => words).ToDictionary();

    /// <summary>A message of the library with the program's options in it.</summary>
    public static string ToOptions(string message) => Names().Replace(message, name => Options.GetValueOrDefault(name.Value, name.Value));

    /// <summary>The options that messages come to name.</summary>
    public static IEnumerable<string> Said => Options.Values;

    private static (string, string)[] Values<T>(string option) where T : struct, Enum =>
        [.. Enum.GetNames<T>().Select(name => ($"{typeof(T).Name}.{name}", $"--{option} {Kebab(name)}"))];

    private static string Kebab(string name) => System.Text.Json.JsonNamingPolicy.KebabCaseLower.ConvertName(name);

    [GeneratedRegex(@"(?<![\w.-])[A-Za-z]\w+(?:\.[A-Z]\w+)?(?![\w.]\w)")]
    private static partial Regex Names();
}
