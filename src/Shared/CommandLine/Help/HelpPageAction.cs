using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using ActorHutch.Shared.Hosting;

namespace ActorHutch.Shared.CommandLine.Help;

/// <summary>What <c>--help</c> does.</summary>
public sealed class HelpPageAction : SynchronousCommandLineAction
{
    private readonly IReadOnlyList<HelpPage> _pages;

    private HelpPageAction(IReadOnlyList<HelpPage> pages) => _pages = pages;

    /// <inheritdoc/>
    public override bool ClearsParseErrors => true;

    /// <summary>Has a program's commands show their pages.</summary>
    /// <param name="root">The program.</param>
    /// <param name="pages">A page for each of its commands, and for itself.</param>
    public static void Install(RootCommand root, IReadOnlyList<HelpPage> pages)
    {
        ArgumentNullException.ThrowIfNull(root);
        var help = root.Options.OfType<HelpOption>().Single();
        help.Description = "Show this";
        help.Action = new HelpPageAction(pages);
        root.Options.OfType<VersionOption>().Single().Description = "Show the version";
    }

    /// <inheritdoc/>
    public override int Invoke(ParseResult parseResult)
    {
        ArgumentNullException.ThrowIfNull(parseResult);
        var output = parseResult.InvocationConfiguration.Output;
        bool onTerminal = ReferenceEquals(output, Console.Out) && !Console.IsOutputRedirected;
        bool bold = onTerminal && LogSettings.HasColors(isRedirected: false);
        // It is 0 where a terminal does not know.
        int? columns = onTerminal && Console.WindowWidth > 0 ? Console.WindowWidth : null;
        new HelpText(output, bold, columns).Write(_pages.Single(page => page.Command == parseResult.CommandResult.Command));
        return ExitCode.Done;
    }
}
