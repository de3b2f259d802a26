using System.Text.RegularExpressions;

namespace ActorHutch.Kubernetes.Tests.Images;

/// <summary>One instruction.</summary>
/// <param name="Stage">The stage it is in; empty before the first.</param>
/// <param name="Keyword">What is to be done, in capitals.</param>
/// <param name="Text">The rest, on one line.</param>
internal sealed record Instruction(string Stage, string Keyword, string Text);

/// <summary>The Dockerfile.</summary>
internal static partial class Dockerfile
{
    /// <summary>Its instructions.</summary>
    public static IReadOnlyList<Instruction> Instructions { get; } = [.. Parse(Repository.Read("Dockerfile"))];

    /// <summary>What the image sets for every process in it, as <c>NAME=VALUE</c>.</summary>
    public static IReadOnlyList<string> Environment { get; } =
        [.. Instructions.Where(line => line is { Keyword: "ENV", Stage: "runtime" }).SelectMany(line => line.Text.Split(' '))];

    /// <summary>The instructions of one stage with a keyword.</summary>
    public static IEnumerable<string> Of(string stage, string keyword) =>
        Instructions.Where(line => line.Stage == stage && line.Keyword == keyword).Select(line => line.Text);

    private static IEnumerable<Instruction> Parse(string text)
    {
        string stage = "";
        foreach (Match line in Line().Matches(Comment().Replace(text, "").Replace("\\\n", "", StringComparison.Ordinal)))
        {
            string keyword = line.Groups[1].Value.ToUpperInvariant();
            string rest = Blanks().Replace(line.Groups[2].Value.Trim(), " ");
            if (keyword == "FROM") stage = rest.Split(" AS ")[^1];
            yield return new Instruction(stage, keyword, rest);
        }
    }

    [GeneratedRegex(@"^\s*#.*\n", RegexOptions.Multiline)]
    private static partial Regex Comment();

    [GeneratedRegex(@"^(\w+) +(.+)$", RegexOptions.Multiline)]
    private static partial Regex Line();

    [GeneratedRegex(" +")]
    private static partial Regex Blanks();
}
