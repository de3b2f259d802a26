using System.CommandLine;
using System.CommandLine.Parsing;
using ActorHutch.Shared.CommandLine.Help;
using ActorHutch.Shared.Options;

namespace ActorHutch.Shared.CommandLine;

/// <summary>A program's options on its command line: each is made once, and the commands share it.</summary>
/// <typeparam name="T">What holds their values.</typeparam>
/// <param name="entries">The options.</param>
public sealed class OptionTable<T>(IReadOnlyList<OptionEntry<T>> entries)
    where T : class
{
    private readonly (OptionEntry<T> Entry, Option Option)[] _options = [.. entries.Select(entry => (entry, Make(entry)))];

    /// <summary>The options.</summary>
    public IReadOnlyList<OptionEntry<T>> Entries => entries;

    /// <summary>Those under each heading of help, in the order in which headings first occur.</summary>
    public IReadOnlyList<OptionGroup> Groups =>
        [.. _options.GroupBy(one => one.Entry.Group).Select(group => new OptionGroup(group.Key, [.. group.Select(one => one.Option)]))];

    /// <summary>Those of a command.</summary>
    public IReadOnlyList<Option> Of(string command) => [.. _options.Where(one => one.Entry.IsOf(command)).Select(one => one.Option)];

    /// <summary>Those that a command line says something of, right or not, its command's own or not.</summary>
    public IEnumerable<OptionEntry<T>> Given(ParseResult parsed) =>
        _options.Where(one => parsed.GetResult(one.Option) is { Implicit: false }).Select(one => one.Entry);

    /// <summary>What a command line says; options with a problem of their own say nothing.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="before">What holds for all of which it says nothing.</param>
    public T Read(ParseResult parsed, T before)
    {
        ArgumentNullException.ThrowIfNull(parsed);
        var bad = parsed.Errors.Select(error => OptionOf(error.SymbolResult)).ToHashSet();
        foreach (var (entry, option) in _options)
        {
            if (bad.Contains(option) || parsed.GetResult(option) is not { Implicit: false } result) continue;
            foreach (string text in option is Option<bool> flag ? [parsed.GetValue(flag) ? "true" : "false"] : result.Tokens.Select(token => token.Value))
                before = entry.Read(before, text)!;
        }

        return before;
    }

    private static Option Make(OptionEntry<T> entry)
    {
        string[] aliases = entry.ShortName is { } name ? [name] : [];
        // Values stay text here: the entry reads them, and what it cannot read is told with what would be right.
        Option option = entry.Format.IsFlag ? new Option<bool>($"--{entry.Name}", aliases)
            : entry.Repeats ? new Option<string[]>($"--{entry.Name}", aliases) : new Option<string>($"--{entry.Name}", aliases);
        option.Description = entry.Help;
        if (entry.Format.IsFlag) return option;
        option.HelpName = entry.Format.Symbol;
        if (entry.Format.IsPath) option.CompletionSources.Add(context => Completion.Files(context.WordToComplete));
        else option.CompletionSources.Add([.. entry.Format.Offered]);
        option.Validators.Add(result =>
        {
            foreach (var (part, right) in result.Tokens.SelectMany(token => entry.Format.Wrong(token.Value)))
                result.AddError(new Problem(entry.Name, part, right).ToString());
        });
        return option;
    }

    private static Option? OptionOf(SymbolResult? result) => result switch
    {
        OptionResult option => option.Option,
        ArgumentResult { Parent: OptionResult option } => option.Option,
        _ => null,
    };
}
