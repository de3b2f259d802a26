using System.Globalization;
using System.Text.RegularExpressions;

namespace ActorHutch.Curvature.Models;

/// <summary>Finds calls of the operators that open files in TorchScript's code.</summary>
/// <remarks>
/// Of all operators of libtorch (from 1.13 to 2.10), two take a file's name: <c>aten::from_file</c> maps a file into memory, makes it
/// where it is not there, and writes to it; <c>aten::save</c> writes one. An archive need not be one that PyTorch wrote, and
/// the language has several ways to get at a function: <c>torch.save</c>, <c>ops.aten.save</c>, <c>t = torch</c> and
/// <c>t.save</c>, <c>getattr(torch, "sa" "ve")</c>, with blanks, comments and escapes between. So every member and every
/// text of these names is refused, wherever it stands, a model's own method of that name too.
/// </remarks>
internal static partial class TorchScriptFileOperators
{
    /// <summary>The operators that a module's code names.</summary>
    public static IEnumerable<string> NamedIn(string code)
    {
        string text = Escape().Replace(LineEnd().Replace(code, ""), Unescaped);
        return Member().Matches(text).Concat(Literal().Matches(Joint().Replace(text, "")))
            .Select(match => match.Groups["name"].Value).Distinct();
    }

    private static string Unescaped(Match escape)
    {
        var (hexadecimal, octal) = (escape.Groups["hexadecimal"], escape.Groups["octal"]);
        int code = hexadecimal.Success
            ? int.Parse(hexadecimal.Value, NumberStyles.HexNumber, CultureInfo.InvariantCulture)
            : octal.Value.Aggregate(0, (value, digit) => (8 * value) + digit - '0');
        return ((char)code).ToString();
    }

    /// <summary>A backslash at a line's end, which goes on in the next one.</summary>
    [GeneratedRegex(@"\\\r?\n")]
    private static partial Regex LineEnd();

    [GeneratedRegex(@"\\(x(?<hexadecimal>[0-9a-fA-F]{2})|(?<octal>[0-7]{1,3}))")]
    private static partial Regex Escape();

    [GeneratedRegex(@"\.(\s|#[^\n]*)*(?<name>from_file|save)\b")]
    private static partial Regex Member();

    /// <summary>Between two texts that follow one another, which are one.</summary>
    [GeneratedRegex(@"[""'](\s|#[^\n]*)*[""']")]
    private static partial Regex Joint();

    [GeneratedRegex(@"[""'](?<name>from_file|save)[""']")]
    private static partial Regex Literal();
}
