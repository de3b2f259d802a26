using System.Globalization;
using System.Text.RegularExpressions;

namespace ActorHutch.Metrics;

/// <summary>
/// Reads Prometheus' text exposition format 0.0.4 and lets nothing pass that is not quite so: each family once, with type
/// and help before its samples, each sample once, a line feed after each line.
/// </summary>
internal static partial class PrometheusText
{
    /// <summary>
    /// The samples by name and labels, as they are written; without the meter, which OpenTelemetry names in each of them.
    /// </summary>
    public static Dictionary<string, double> Read(string text)
    {
        var samples = new Dictionary<string, double>();
        var families = new HashSet<string>();
        string? help = null, family = null, type = null;
        Assert.True(text.Length == 0 || text.EndsWith('\n'));
        foreach (string line in text.Split('\n').SkipLast(1))
        {
            if (Help().Match(line) is { Success: true } helped)
            {
                help = helped.Groups[1].Value;
                Assert.Equal(family, help);
            }
            else if (Type().Match(line) is { Success: true } typed)
            {
                (family, type) = (typed.Groups[1].Value, typed.Groups[2].Value);
                Assert.True(families.Add(family), $"{family} is there twice.");
                Assert.Equal(type == "counter", family.EndsWith("_total", StringComparison.Ordinal));
            }
            else
            {
                var sample = Sample().Match(line);
                Assert.True(sample.Success, $"'{line}' is no sample.");
                Assert.Equal((family, family), (help, sample.Groups["name"].Value));
                double value = sample.Groups["value"].Value switch
                {
                    "+Inf" => double.PositiveInfinity,
                    "-Inf" => double.NegativeInfinity,
                    var number => double.Parse(number, CultureInfo.InvariantCulture),
                };
                Assert.True(type != "counter" || value >= 0, $"'{line}' counts down.");
                string key = Scope().Replace(line[..line.LastIndexOf(' ')], "{").Replace("{}", "", StringComparison.Ordinal);
                Assert.True(samples.TryAdd(key, value), $"'{line}' is there twice.");
            }
        }

        return samples;
    }

    [GeneratedRegex("""\{otel_scope_name="ActorHutch\.[A-Za-z]+",?""")]
    private static partial Regex Scope();

    [GeneratedRegex(@"^# HELP ([a-zA-Z_:][a-zA-Z0-9_:]*) (?:[^\\\n]|\\\\|\\n)+$")]
    private static partial Regex Help();

    [GeneratedRegex("^# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (counter|gauge)$")]
    private static partial Regex Type();

    [GeneratedRegex(
        """^(?<name>[a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\\\|\\"|\\n)*"(?:,[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\\\|\\"|\\n)*")*\})? (?<value>[+-]Inf|NaN|-?[0-9.]+(?:E[+-][0-9]+)?)$""")]
    private static partial Regex Sample();
}
