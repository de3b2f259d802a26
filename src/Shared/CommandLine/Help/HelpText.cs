using System.CommandLine;
using System.CommandLine.Help;

namespace ActorHutch.Shared.CommandLine.Help;

/// <summary>Writes help: in at most 80 columns, and in fewer on a narrower terminal; options under headings, each with its default.</summary>
/// <param name="output">Where to.</param>
/// <param name="bold">Whether a terminal shows it, on which headings stand out.</param>
/// <param name="terminalColumns">How wide that is; null where none shows it.</param>
internal sealed class HelpText(TextWriter output, bool bold, int? terminalColumns = null)
{
    private const int MostColumns = 80, LeastColumns = 40;

    private readonly int _columns = Math.Clamp(terminalColumns ?? MostColumns, LeastColumns, MostColumns);

    /// <summary>Where descriptions begin.</summary>
    private int Second => _columns == MostColumns ? 26 : 8;

    private const int Indent = 2;

    public void Write(HelpPage page)
    {
        var command = page.Command;
        Paragraph(command.Description ?? "", 0);
        Heading("Usage");
        Paragraph(Usage(page), Indent);
        if (command.Subcommands.Count > 0)
        {
            Heading("Commands");
            foreach (var subcommand in command.Subcommands) Entry(subcommand.Name, subcommand.Description ?? "");
        }

        if (command.Arguments.Count > 0)
        {
            Heading("Arguments");
            foreach (var argument in command.Arguments) Entry(argument.Name, $"{argument.Description}. Required");
        }

        foreach (var group in page.GroupsOfCommand)
        {
            Heading(group.Heading);
            foreach (var option in group.Options) Entry(Label(option), option.Description ?? "");
        }

        Heading("Examples");
        foreach (var example in page.Examples)
        {
            // In one line, however narrow the terminal: it is there to be copied.
            output.WriteLine(new string(' ', Indent) + example.Line);
            Paragraph(example.What, 2 * Indent + 2);
        }

        if (page.Documents is not { } documents) return;
        Heading("Documents");
        Paragraph(documents, Indent, new string(' ', Indent));
    }

    private static string Usage(HelpPage page)
    {
        string arguments = string.Concat(page.Command.Arguments.Select(argument => $" {argument.Name}"));
        return $"{page.Name}{(page.Command.Subcommands.Count > 0 ? " [COMMAND]" : "")}{arguments} [options]";
    }

    /// <summary>An option's names, short ones first, and what it takes; not the names of another system's habits.</summary>
    private static string Label(Option option)
    {
        string names = string.Join(", ", option.Aliases.Append(option.Name).Where(name => name[0] == '-').OrderBy(name => name.Length));
        return option is Option<bool> or HelpOption or VersionOption ? names : $"{names} {option.HelpName}";
    }

    private void Heading(string text)
    {
        output.WriteLine();
        output.WriteLine(bold ? $"\u001b[1m{text}\u001b[0m" : text);
    }

    private void Entry(string label, string description)
    {
        string start = new string(' ', Indent) + label;
        if (start.Length + Indent > Second)
        {
            output.WriteLine(start);
            start = "";
        }

        Paragraph(description, Second, start);
    }

    private void Paragraph(string text, int indent, string start = "")
    {
        string line = start.PadRight(indent);
        bool empty = true;
        foreach (string word in text.Split(' '))
        {
            if (!empty && line.Length + 1 + word.Length > _columns)
            {
                output.WriteLine(line);
                line = new string(' ', indent);
                empty = true;
            }

            line += empty ? word : " " + word;
            empty = false;
        }

        output.WriteLine(line);
    }
}
