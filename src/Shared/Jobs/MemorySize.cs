using System.Globalization;

namespace ActorHutch.Shared.Jobs;

/// <summary>Bytes as people write them: <c>1048576</c>, <c>512MiB</c>, <c>1.5GiB</c>, <c>4GB</c>.</summary>
public static class MemorySize
{
    /// <summary>The least that a worker may be given: with less, samples and probes are taken one by one, and a job takes hundreds of times as long.</summary>
    public const long Least = 1L << 20;

    /// <summary>What is right, as the end of a sentence.</summary>
    public const string Right = "must be bytes, at least 1 MiB, such as 536870912, 512MB, 512MiB or 4GiB";

    private static readonly (string Suffix, long Bytes)[] Units =
    [
        ("KiB", 1L << 10), ("MiB", 1L << 20), ("GiB", 1L << 30), ("TiB", 1L << 40),
        ("KB", 1_000), ("MB", 1_000_000), ("GB", 1_000_000_000), ("TB", 1_000_000_000_000),
    ];

    /// <summary>The bytes that a text stands for, down to a whole one.</summary>
    public static bool TryParse(string? text, out long bytes)
    {
        bytes = 0;
        if (text is null) return false;

        var number = text.AsSpan().Trim();
        long unit = 1;
        foreach (var (suffix, size) in Units)
        {
            if (!number.EndsWith(suffix, StringComparison.OrdinalIgnoreCase)) continue;
            number = number[..^suffix.Length].TrimEnd();
            unit = size;
            break;
        }

        if (!decimal.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out decimal count)
            || count > long.MaxValue / unit)
        {
            return false;
        }

        bytes = (long)(count * unit);
        return bytes >= 1;
    }
}
