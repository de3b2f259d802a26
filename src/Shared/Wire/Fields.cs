using ActorHutch.Curvature.Estimation;
using ActorHutch.Shared.Jobs;
using Google.Protobuf;

namespace ActorHutch.Shared.Wire;

/// <summary>Kinds of fields that protobuf does not have.</summary>
internal static class Fields
{
    /// <summary>
    /// What people get to read is cut to this many characters, so that no exception's text makes a message too large.
    /// </summary>
    public const int TextLength = 16_000;

    /// <summary>A run: 16 bytes, the most significant first.</summary>
    public static ByteString OfRun(Guid run) => ByteString.CopyFrom(run.ToByteArray(bigEndian: true));

    public static Guid Run(ByteString bytes) => bytes.Length == 16
        ? new Guid(bytes.Span, bigEndian: true)
        : throw new WireException($"A run has 16 bytes, not {bytes.Length}.");

    /// <summary>A value of an enumeration: its word on the command line.</summary>
    public static string OfWord<T>(T value) where T : struct, Enum => Enum.IsDefined(value)
        ? value.Word()
        : throw new WireException($"{value} is no {typeof(T).Name}.");

    public static T Word<T>(string word) where T : struct, Enum => new Choice<T>().TryParse(word, out var value)
        ? value
        : throw new WireException(
            $"'{Text(word, 32)}' is no {typeof(T).Name} that this release knows: it {new Choice<T>().Right}.");

    public static Estimator Estimator(string name) => Estimators.TryParse(name, out var estimator)
        ? estimator
        : throw new WireException($"'{Text(name, 32)}' is no estimator that this release knows: it {Estimators.Format.Right}.");

    /// <summary>A text for people, cut where it is too long.</summary>
    public static string OfText(string text) => Text(text, TextLength);

    /// <summary>A part that a message cannot do without.</summary>
    public static T Required<T>(T? part) where T : class =>
        part ?? throw new WireException($"The {typeof(T).Name} is missing.");

    private static string Text(string text, int length)
    {
        if (text.Length <= length) return text;
        int end = char.IsHighSurrogate(text[length - 2]) ? length - 2 : length - 1;
        return text[..end] + "…";
    }
}
