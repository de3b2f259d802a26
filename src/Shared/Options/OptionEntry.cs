using System.Collections;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace ActorHutch.Shared.Options;

/// <summary>
/// An option, said once: the command line, its help, what shells complete, the job file, its schema and its documentation
/// are made from it.
/// </summary>
/// <param name="Name">Its name without dashes before it, in lower case: <c>v-batch</c>.</param>
/// <param name="Description">What it is for, without its default and a full stop.</param>
/// <param name="Default">What is meant where it is not said; empty where it must be.</param>
/// <param name="Format">How its values are written.</param>
public record OptionEntry(string Name, string Description, string Default, ValueFormat Format)
{
    /// <summary>Its name in job files: <c>vBatch</c>.</summary>
    public string Field => string.Concat(Name.Split('-').Select((word, i) => i == 0 ? word : char.ToUpperInvariant(word[0]) + word[1..]));

    /// <summary>What is right for it, as the end of a sentence.</summary>
    public string Right => Format.Right;

    /// <summary>The heading in help under which it stands.</summary>
    public string Group { get; init; } = "";

    /// <summary>The commands that have it; null for every command, none for a field of job files alone.</summary>
    public IReadOnlyList<string>? Commands { get; init; }

    /// <summary>A shorter name, with its dash; null for none.</summary>
    public string? ShortName { get; init; }

    /// <summary>Whether a command line may say it several times.</summary>
    public bool Repeats { get; init; }

    /// <summary>Whether a job file has it.</summary>
    public bool IsInJobFiles { get; init; } = true;

    /// <summary>Whether a job's result depends on it, so that jobs with other values are other jobs.</summary>
    public bool ShowsInResult { get; init; }

    /// <summary>Whether a command has it.</summary>
    public bool IsOf(string command) => Commands?.Contains(command) != false;

    /// <summary>What help says of it.</summary>
    public string Help => Default.Length == 0 ? $"{Description}. Required" : $"{Description}. Default: {Default}";

    /// <summary>An option.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="description">What it is for.</param>
    /// <param name="byDefault">What is meant where it is not said.</param>
    /// <param name="format">How its values are written.</param>
    /// <param name="get">The target's value; null where there is none to write.</param>
    /// <param name="set">The target with a value in place.</param>
    public static OptionEntry<TTarget> Of<TTarget, TValue>(
        string name, string description, string byDefault, ValueFormat<TValue> format, Func<TTarget, object?> get, Func<TTarget, TValue, TTarget> set)
        where TTarget : class => new(
            new OptionEntry(name, description, byDefault, format),
            (target, text) => format.Read(text, out var value) ? set(target, value!) : null, get);

    /// <summary>A flag.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="description">What it is for.</param>
    /// <param name="get">Whether it is set.</param>
    /// <param name="set">The target with it set, or not.</param>
    public static OptionEntry<TTarget> Flag<TTarget>(string name, string description, Func<TTarget, bool> get, Func<TTarget, bool, TTarget> set)
        where TTarget : class => Of(name, description, "no", Formats.Flag, (TTarget target) => get(target) ? true : null, set);
}

/// <summary>An option of a target that holds its value.</summary>
/// <typeparam name="T">The target: a record that is never changed, only made anew.</typeparam>
public sealed record OptionEntry<T> : OptionEntry
    where T : class
{
    private readonly Func<T, string, T?> _read;
    private readonly Func<T, object?> _get;

    internal OptionEntry(OptionEntry about, Func<T, string, T?> read, Func<T, object?> get)
        : base(about) => (_read, _get) = (read, get);

    /// <summary>The target with a text's value in place; null where the text is not right.</summary>
    public T? Read(T target, string text) => _read(target, text);

    /// <summary>The target with a JSON value in place; null where that is not right.</summary>
    /// <exception cref="InvalidOperationException">It holds half of a surrogate pair, which is no text.</exception>
    public T? Read(T target, JsonElement json) => Format.TextOf(json) is { } text ? Read(target, text) : null;

    /// <summary>The target's value as text; null where there is none.</summary>
    public string? Write(T target) => TextOf(_get(target));

    /// <summary>The target's value as JSON; null where there is none.</summary>
    public JsonNode? WriteJson(T target) => _get(target) switch
    {
        null => null,
        string text => text,
        IEnumerable list => new JsonArray([.. list.Cast<object>().Select(item => JsonValue.Create(TextOf(item)))]),
        var value when value is bool or int or long or ulong or double => JsonSerializer.SerializeToNode(value),
        var value => TextOf(value),
    };

    /// <summary>The same option of a larger target, which holds this one.</summary>
    public OptionEntry<TOuter> In<TOuter>(Func<TOuter, T> get, Func<TOuter, T, TOuter> set)
        where TOuter : class => new(
            this, (outer, text) => Read(get(outer), text) is { } inner ? set(outer, inner) : null, outer => _get(get(outer)));

    /// <summary>The same, with nothing written where the value is that of another target.</summary>
    public OptionEntry<T> Unless(T other) => new(this, _read, target => Equals(_get(target), _get(other)) ? null : _get(target));

    private static string? TextOf(object? value) => value switch
    {
        bool truth => truth ? "true" : "false",
        Enum word => JsonNamingPolicy.KebabCaseLower.ConvertName(word.ToString()),
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        string text => text,
        IEnumerable list => string.Join(',', list.Cast<object>().Select(TextOf)),
        _ => value?.ToString(),
    };
}

/// <summary>Lists of options: a list is made of others.</summary>
public static class OptionEntries
{
    /// <summary>The same options of a larger target.</summary>
    public static IEnumerable<OptionEntry<TOuter>> In<TInner, TOuter>(
        this IEnumerable<OptionEntry<TInner>> entries, Func<TOuter, TInner> get, Func<TOuter, TInner, TOuter> set)
        where TInner : class
        where TOuter : class => entries.Select(entry => entry.In(get, set));
}
