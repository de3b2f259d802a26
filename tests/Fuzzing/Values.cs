namespace ActorHutch.Fuzzing;

/// <summary>Values that readers get wrong: of an option as text, of a field of JSON as it is written there.</summary>
internal static class Values
{
    /// <summary>Numbers at the ends of types, and what looks like a number.</summary>
    private static readonly string[] Numbers =
    [
        "0", "-0", "-0.0", "1", "-1", "2", "0.5", "1.5", "1e3", "1E+3", "1e30", "-1e30", "1e-30", "1e308", "1e400", "5e-324", "255", "65536",
        "1000001", "2147483", "2147484", "2147483647", "2147483648", "4294967296", "1099511627776", "9007199254740993",
        "9223372036854775807", "9223372036854775808", "18446744073709551615", "18446744073709551616", "0.9999999999999999",
        "0.99999999999999999", "1000000000000000000000000000000",
    ];

    private static readonly string[] Texts =
    [
        "", " ", "auto", "NaN", "Infinity", "-Infinity", "0x10", "1_000", "1,000", "٣", "½", "+1", "01", ".5", "5.", "1e", "true", "null",
        "cpu", "cuda:2147483648", "cuda:-1", "512MiB", "1e3MiB", "9999999999999TiB", "-1GiB", "0.0000000001KiB", "127.0.0.1:1", "127.0.0.1:65536",
        "[::1]:0", "[::1", "::1:1", "0.0.0.0:0", "a:1,b:2", "a:1,,", ",", ":", "%n", "@/dev/zero", "@", "/", "/dev/zero", "/dev/null", ".", "..",
        "\u202e", "\ufeff", "\ufffd", "😀", "1,0", "0,0", "0.1307,0.3081", "1e308,1e-308", "NaN,1", "*", "?", "a,,b", "hessian", "full",
    ];

    private static readonly string[] Json =
    [
        "null", "true", "false", "[]", "{}", "[null]", "[[]]", "[\"a:1\", 5]", "[\"a:1\", \"\\ud800\"]", "{\"a\": 1}", "\"\\ud800\"", "\"\\udfff\\ud800\"",
        "\"\\u0000\"", "\"a\\u0000b\"", "\"\\u202e\"", "-", "+1", "01", ".5", "NaN", "'a'", "\"", "\"\\x\"", "\"\t\"",
    ];

    /// <summary>A value on a command line.</summary>
    public static string Option(Random random) => random.Next(8) switch
    {
        < 4 => Pick(Numbers, random),
        7 => new string((char)random.Next(' ', 0x3000), random.Next(1, 5000)),
        _ => Pick(Texts, random),
    };

    /// <summary>A value in JSON, which may be none.</summary>
    public static string Field(Random random) => random.Next(6) switch
    {
        < 2 => Pick(Numbers, random),
        < 4 => Pick(Json, random),
        _ => System.Text.Json.JsonSerializer.Serialize(Option(random)),
    };

    private static string Pick(string[] values, Random random) => values[random.Next(values.Length)];
}
