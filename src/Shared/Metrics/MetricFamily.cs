using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;

namespace ActorHutch.Shared.Metrics;

/// <summary>One instrument's values, one for each set of labels, under the name by which Prometheus knows it.</summary>
internal sealed class MetricFamily
{
    private readonly SortedDictionary<string, double> _values = new(StringComparer.Ordinal);
    private readonly string _help;
    private readonly bool _isCounter, _adds, _observes;

    private MetricFamily(Instrument instrument, bool isCounter, bool adds)
    {
        (_isCounter, _adds, _observes) = (isCounter, adds, instrument.IsObservable);
        Name = NameOf(instrument, isCounter);
        _help = instrument.Description ?? "";
    }

    /// <summary>Such as <c>actorhutch_worker_compute_seconds_total</c>.</summary>
    public string Name { get; }

    /// <summary>The family of an instrument; null where it is neither a counter nor a gauge.</summary>
    public static MetricFamily? Of(Instrument instrument)
    {
        // Counter`1, ObservableGauge`1 and so on: the types are generic in the number.
        string type = instrument.GetType().Name.Split('`')[0];
        return type switch
        {
            "Counter" => new MetricFamily(instrument, isCounter: true, adds: true),
            "ObservableCounter" => new MetricFamily(instrument, isCounter: true, adds: false),
            "UpDownCounter" => new MetricFamily(instrument, isCounter: false, adds: true),
            "Gauge" or "ObservableGauge" or "ObservableUpDownCounter" => new MetricFamily(instrument, isCounter: false, adds: false),
            _ => null,
        };
    }

    /// <summary>Before an observable instrument says what it is at.</summary>
    public void Forget()
    {
        if (_observes) _values.Clear();
    }

    /// <summary>Takes a measurement.</summary>
    public void Measured(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        string labels = Labels(tags);
        _values[labels] = _adds ? _values.GetValueOrDefault(labels) + value : value;
    }

    /// <summary>Writes help, type and values; nothing where nothing was measured.</summary>
    public void WriteTo(TextWriter text)
    {
        if (_values.Count == 0) return;
        if (_help.Length > 0) text.WriteLine($"# HELP {Name} {Escaped(_help)}");
        text.WriteLine($"# TYPE {Name} {(_isCounter ? "counter" : "gauge")}");
        foreach (var (labels, value) in _values) text.WriteLine($"{Name}{labels} {Number(value)}");
    }

    /// <summary>OpenTelemetry's name as its specification has it become Prometheus': underscores, unit, <c>_total</c>.</summary>
    private static string NameOf(Instrument instrument, bool isCounter)
    {
        string name = Word(instrument.Name);
        string unit = instrument.Unit switch
        {
            null or "" => "",
            "s" => "seconds",
            "By" => "bytes",
            // {chunk} and the like say what is counted, which is no unit.
            ['{', .., '}'] => "",
            var other => Word(other),
        };
        if (unit.Length > 0 && !name.EndsWith("_" + unit, StringComparison.Ordinal)) name += "_" + unit;
        return isCounter && !name.EndsWith("_total", StringComparison.Ordinal) ? name + "_total" : name;
    }

    private static string Word(string text) =>
        string.Concat(text.Select(letter => char.IsAsciiLetterOrDigit(letter) ? letter : '_'));

    private static string Labels(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        if (tags.IsEmpty) return "";
        var text = new StringBuilder("{");
        foreach (var (key, value) in tags)
        {
            string shown = Convert.ToString(value, CultureInfo.InvariantCulture) ?? "";
            text.Append(text.Length > 1 ? "," : "").Append(Word(key)).Append("=\"")
                .Append(Escaped(shown).Replace("\"", "\\\"", StringComparison.Ordinal)).Append('"');
        }

        return text.Append('}').ToString();
    }

    private static string Escaped(string text) =>
        text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);

    private static string Number(double value) => value switch
    {
        double.PositiveInfinity => "+Inf",
        double.NegativeInfinity => "-Inf",
        _ => value.ToString("R", CultureInfo.InvariantCulture),
    };
}
