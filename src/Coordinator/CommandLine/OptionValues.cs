using System.CommandLine;
using System.CommandLine.Parsing;
using ActorHutch.Shared.Jobs;

namespace ActorHutch.Coordinator.CommandLine;

/// <summary>What a command line says, option by option; those with a problem of their own say nothing.</summary>
/// <param name="parsed">The command line.</param>
internal sealed class OptionValues(ParseResult parsed)
{
    private readonly HashSet<Option?> _bad = [.. parsed.Errors.Select(error => OptionOf(error.SymbolResult))];

    /// <summary>An option's value; its type's default where nothing, or <c>auto</c>, was said.</summary>
    public T? Of<T>(Option<T> option) => _bad.Contains(option) || IsAuto(option) ? default : parsed.GetValue(option);

    /// <summary>Whether something was said.</summary>
    public bool IsGiven(Option option) => parsed.GetResult(option) is { Implicit: false };

    /// <summary>Whether a flag is set, where that was said; else what was said before.</summary>
    public bool Flag(Option<bool> option, bool before) => IsGiven(option) ? Of(option) : before;

    /// <summary>An option whose parser answers null cannot be asked for its value: the library casts it.</summary>
    private bool IsAuto(Option option) =>
        option is not Option<string?> && parsed.GetResult(option)?.Tokens is [{ Value: Choices.Auto }];

    private static Option? OptionOf(SymbolResult? result) => result switch
    {
        OptionResult option => option.Option,
        ArgumentResult { Parent: OptionResult option } => option.Option,
        _ => null,
    };
}
