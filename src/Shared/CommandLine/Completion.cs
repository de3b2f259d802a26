using System.CommandLine;

namespace ActorHutch.Shared.CommandLine;

/// <summary>What a shell is offered to complete a command line with, beside the names of options.</summary>
public static class Completion
{
    private const string Directive = "[suggest]";

    /// <summary>
    /// How command lines are read: as they stand. A word that begins with @ is a name and no file of more options, which
    /// nobody is told of and which could be one that never ends.
    /// </summary>
    public static ParserConfiguration Parser { get; } = new() { ResponseFileTokenReplacer = null };

    /// <summary>
    /// The arguments, with the place of the cursor in a request for completions that does not name one: the end, which
    /// the library looks for in the wrong line.
    /// </summary>
    public static string[] WithPosition(string[] arguments)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        return arguments is [Directive, { } line]
            ? [$"{Directive.TrimEnd(']')}:{line.Length}]", line]
            : arguments;
    }

    /// <summary>
    /// Files and folders that begin like this, folders with a stroke at their end: a shell that asks a program asks nobody
    /// else for them.
    /// </summary>
    internal static IEnumerable<string> Files(string start)
    {
        string folder = start[..(start.LastIndexOf('/') + 1)];
        try
        {
            var found = new DirectoryInfo(folder.Length == 0 ? "." : folder)
                .EnumerateFileSystemInfos(start[folder.Length..] + "*");
            return [.. found.Select(entry => folder + entry.Name + (entry is DirectoryInfo ? "/" : ""))];
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return [];
        }
    }
}
