using System.CommandLine;

namespace ActorHutch.Shared.CommandLine.Help;

/// <summary>Options that belong together.</summary>
/// <param name="Heading">What they are about.</param>
/// <param name="Options">The options, in the order in which they are shown.</param>
public sealed record OptionGroup(string Heading, IReadOnlyList<Option> Options);

/// <summary>A command line that works, and what it does.</summary>
/// <param name="Line">The whole line, with the program's name.</param>
/// <param name="What">What it does.</param>
public sealed record Example(string Line, string What);

/// <summary>The help of one command.</summary>
/// <param name="Name">How it is called: the program's name, and its own.</param>
/// <param name="Command">The command.</param>
/// <param name="Groups">Its options; those that the command does not have are left out.</param>
/// <param name="Examples">Examples.</param>
public sealed record HelpPage(
    string Name, Command Command, IReadOnlyList<OptionGroup> Groups, IReadOnlyList<Example> Examples)
{
    /// <summary>The heading of options that no group has.</summary>
    public const string OtherHeading = "Other options";

    /// <summary>Where more is to be read; null (the default) to leave that to the program's own page.</summary>
    public string? Documents { get; init; }

    /// <summary>The groups that the command has options of, the options that every command has among them.</summary>
    public IEnumerable<OptionGroup> GroupsOfCommand
    {
        get
        {
            var left = Command.Parents.OfType<Command>().SelectMany(parent => parent.Options.Where(option => option.Recursive))
                .Concat(Command.Options).Where(option => !option.Hidden).ToList();
            foreach (var group in Groups)
            {
                Option[] options = [.. group.Options.Where(left.Remove)];
                if (options.Length > 0) yield return group with { Options = options };
            }

            if (left.Where(option => !IsAboutHelp(option)).ToArray() is { Length: > 0 } others) yield return new OptionGroup(OtherHeading, others);
            if (left.Where(IsAboutHelp).ToArray() is { Length: > 0 } help) yield return new OptionGroup("Help", help);
        }
    }

    private static bool IsAboutHelp(Option option) => option is System.CommandLine.Help.HelpOption or VersionOption;
}
