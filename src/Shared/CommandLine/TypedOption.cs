using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Numerics;
using ActorHutch.Shared.Jobs;

namespace ActorHutch.Shared.CommandLine;

/// <summary>Options that say what would be right where they cannot be read.</summary>
public static class TypedOption
{
    /// <summary>An option that takes one of a few words.</summary>
    public static Option<T?> Word<T>(string name, Choice<T> choice, string description, bool auto = false)
        where T : struct, Enum
    {
        ArgumentNullException.ThrowIfNull(choice);
        string[] words = auto ? [Choices.Auto, .. choice.Words] : [.. choice.Words];
        string right = auto ? $"must be {Choices.Auto}, {choice.Right["must be ".Length..]}" : choice.Right;
        var option = new Option<T?>(name)
        {
            Description = description,
            HelpName = string.Join('|', words),
            CustomParser = result => Parse<T>(
                result, right, auto, text => choice.TryParse(text, out var value) ? value : null),
        };
        // Of themselves, shells would be offered the enumeration's names.
        option.CompletionSources.Clear();
        option.CompletionSources.Add(words);
        return option;
    }

    /// <summary>An option that takes a number.</summary>
    public static Option<T?> Number<T>(string name, string symbol, string description, string right, bool auto = false)
        where T : struct, INumber<T> => new(name)
        {
            Description = description,
            HelpName = symbol,
            CustomParser = result => Parse<T>(
                result, right, auto,
                text => T.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value)
                    ? value : null),
        };

    /// <summary>Reads an argument, or says what would be right.</summary>
    public static T? Parse<T>(ArgumentResult result, string right, bool auto, Func<string, T?> read)
        where T : struct
    {
        ArgumentNullException.ThrowIfNull(result);
        ArgumentNullException.ThrowIfNull(read);
        string text = result.Tokens[0].Value;
        if (auto && text == Choices.Auto) return null;

        var value = read(text);
        if (value is null)
        {
            string option = ((OptionResult)result.Parent!).Option.Name;
            result.AddError(new Problem(option.TrimStart('-'), text, right).ToString());
        }

        return value;
    }
}
