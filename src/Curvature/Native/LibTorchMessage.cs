using System.Text.RegularExpressions;

namespace ActorHutch.Curvature.Native;

/// <summary>Finds the cause in libtorch's error messages, most of whose lines are tracebacks.</summary>
internal static partial class LibTorchMessage
{
    private const int Longest = 400;

    /// <summary>What went wrong, on one line; for TorchScript, also in which line of the user's code.</summary>
    /// <param name="message">The message of an exception of TorchSharp's.</param>
    public static string Cause(string message)
    {
        // A traceback of C++ follows the errors of libtorch's own.
        string[] lines = [.. message.ReplaceLineEndings("\n").Split('\n')
            .TakeWhile(line => !line.StartsWith("Exception raised from ", StringComparison.Ordinal))];
        if (!message.Contains("Traceback of TorchScript", StringComparison.Ordinal)) return Text(lines);

        int error = Array.FindLastIndex(lines, line => ErrorType().IsMatch(line));
        if (error < 0) return Text(lines.Where(line => line.Length > 0).TakeLast(1));
        string cause = ErrorType().Replace(Text(lines[error..]), "");
        return Place(lines[..error]) is { } place ? $"{cause} ({place})" : cause;
    }

    /// <summary>The first line that says something, with those that it announces.</summary>
    private static string Text(IEnumerable<string> lines)
    {
        string[] told = [.. lines.Select(line => line.Trim()).Where(line => line.Length > 0)];
        return Shortened(string.Join(' ', told.Take(1 + told.TakeWhile(line => line.EndsWith(':')).Count())));
    }

    private static string Shortened(string text)
    {
        if (text.Length <= Longest) return text;
        int end = text.LastIndexOf(". ", Longest, StringComparison.Ordinal);
        return end > 0 ? text[..(end + 1)] : text[..Longest] + " …";
    }

    /// <summary>
    /// The innermost line that is the user's and not PyTorch's. An archive holds its program as it is executed, and
    /// mostly where in the source that comes from: of a scripted one with the line, of a traced one its number alone.
    /// </summary>
    private static string? Place(string[] lines)
    {
        int original = Array.FindLastIndex(lines, line => line.Contains(", original code", StringComparison.Ordinal));
        if (original >= 0 && lines[original..].Select(line => TracedFrame().Match(line)).FirstOrDefault(IsUsers) is { } traced)
            return Named(traced);

        var frames = new List<(Match File, string Code)>();
        for (int i = Math.Max(original, 0) + 1; i < lines.Length; i++)
        {
            // The marker is below the code that it points to.
            if (!lines[i].EndsWith("<--- HERE", StringComparison.Ordinal)) continue;
            var file = lines[..i].Select(line => ScriptedFrame().Match(line)).LastOrDefault(match => match.Success);
            // Scripts of this library's have no file.
            if (file is not null && file.Groups["file"].Value != "<string>") frames.Add((file, lines[i - 1].Trim()));
        }

        if (frames.Count == 0) return null;
        int users = frames.FindLastIndex(frame => IsUsers(frame.File));
        var (innermost, code) = frames[users < 0 ? ^1 : users];
        return $"\"{Shortened(code)}\", {Named(innermost)}";
    }

    private static bool IsUsers(Match frame) => frame.Success && !PyTorchFile().IsMatch(frame.Groups["file"].Value);

    private static string Named(Match frame)
    {
        string file = frame.Groups["file"].Value;
        // Code of the archive's own has no other name than its place in it.
        string name = file.StartsWith("code/", StringComparison.Ordinal) ? file : file[(file.LastIndexOfAny(['/', '\\']) + 1)..];
        return $"{name}, line {frame.Groups["line"].Value}";
    }

    [GeneratedRegex(@"^[\w.]*(Error|Exception)\w*: ")]
    private static partial Regex ErrorType();

    [GeneratedRegex(@"^\s*File ""(?<file>.+)"", line (?<line>\d+)")]
    private static partial Regex ScriptedFrame();

    [GeneratedRegex(@"^(?<file>\S.*)\((?<line>\d+)\): ")]
    private static partial Regex TracedFrame();

    [GeneratedRegex(@"[/\\](site|dist)-packages[/\\]torch[/\\]|^code/__torch__/torch/")]
    private static partial Regex PyTorchFile();
}
