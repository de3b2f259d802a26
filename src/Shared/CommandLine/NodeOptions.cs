using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using ActorHutch.Shared.Hosting;
using ActorHutch.Shared.Jobs;
using ActorHutch.Shared.Security;
using Serilog.Events;

namespace ActorHutch.Shared.CommandLine;

/// <summary>The options that a node of a cluster has, whatever it is.</summary>
public sealed class NodeOptions
{
    /// <summary>What is right for an address.</summary>
    public const string RightAddress = "must be HOST:PORT";

    /// <summary>What is right for a time.</summary>
    public const string RightTime = "must be a number of seconds from 0.001 to 2147483";

    /// <summary>Whether a number of seconds can be waited for: timers count milliseconds in 31 bits.</summary>
    public static bool IsTime(double seconds) => seconds is >= 0.001 and <= int.MaxValue / 1000;

    /// <summary>The levels of <c>--log-level</c>.</summary>
    public static Choice<LogEventLevel> LogLevels { get; } = new(
        LogEventLevel.Debug, LogEventLevel.Information, LogEventLevel.Warning, LogEventLevel.Error);

    /// <summary>The words of <c>--log-format</c>.</summary>
    public static Choice<LogFormat> LogFormats { get; } = new();

    /// <summary>The options.</summary>
    /// <param name="listen">The default of <c>--listen</c>.</param>
    /// <param name="seedNodes">What <c>--seed-nodes</c> is for, and its default.</param>
    /// <param name="joinTimeout">What <c>--join-timeout</c> is for, and its default.</param>
    public NodeOptions(string listen, string seedNodes, string joinTimeout)
    {
        Listen = Address("--listen", $"Where this node listens. Default: {listen}");
        SeedNodes = new Option<HostPort[]?>("--seed-nodes")
        {
            HelpName = "HOST:PORT,…",
            Description = seedNodes,
            CustomParser = Addresses,
        };
        JoinTimeout = new Option<double?>("--join-timeout")
        {
            HelpName = "SECONDS",
            Description = joinTimeout,
            CustomParser = result => TypedOption.Parse<double>(
                result, RightTime, auto: false,
                text => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value)
                    && IsTime(value) ? value : null),
        };
    }

    /// <summary>Where it binds.</summary>
    public Option<HostPort?> Listen { get; }

    /// <summary>Where others find it.</summary>
    public Option<HostPort?> Advertise { get; } =
        Address("--advertise", "The address that others reach this node by. Default: --listen");

    /// <summary>Whom it joins.</summary>
    public Option<HostPort[]?> SeedNodes { get; }

    /// <summary>Where its health is told.</summary>
    public Option<HostPort?> Health { get; } =
        Address("--health", "Answer GET /healthz/live, /healthz/ready and /metrics here. Default: nowhere");

    /// <summary>This node's certificate.</summary>
    public Option<string?> TlsCertificate { get; } =
        PemFile("--tls-cert", "This node's certificate, in PEM; with --tls-key and --tls-ca, all is encrypted. Default: none");

    /// <summary>Its private key.</summary>
    public Option<string?> TlsKey { get; } = PemFile("--tls-key", "The certificate's private key, in PEM, not encrypted. Default: none");

    /// <summary>Who vouches for the others.</summary>
    public Option<string?> TlsAuthority { get; } =
        PemFile("--tls-ca", "The authority that signed the certificates of all nodes, in PEM. Default: none");

    /// <summary>Whether anybody may connect.</summary>
    public Option<bool> Insecure { get; } = new("--insecure")
    {
        Description = "Listen to other machines without TLS: whoever reaches the port is believed",
    };

    /// <summary>How long to wait.</summary>
    public Option<double?> JoinTimeout { get; }

    /// <summary>All of them.</summary>
    public IReadOnlyList<Option> All =>
        [SeedNodes, Listen, Advertise, JoinTimeout, Health, TlsCertificate, TlsKey, TlsAuthority, Insecure];

    /// <summary>What the options say of a node; those with a problem of their own are left out.</summary>
    /// <param name="role">What the node is.</param>
    /// <param name="listen">Where it listens where nothing is said.</param>
    /// <param name="joinTimeout">How long it waits where nothing is said.</param>
    /// <param name="parsed">The command line.</param>
    /// <param name="isBad">Whether an option has a problem of its own.</param>
    public NodeSettings Read(
        string role, HostPort listen, TimeSpan joinTimeout, ParseResult parsed, Func<Option, bool> isBad)
    {
        ArgumentNullException.ThrowIfNull(parsed);
        ArgumentNullException.ThrowIfNull(isBad);
        T? Value<T>(Option<T> option) => isBad(option) ? default : parsed.GetValue(option);
        return new NodeSettings
        {
            Role = role,
            Listen = Value(Listen) ?? listen,
            Advertise = Value(Advertise),
            SeedNodes = Value(SeedNodes) ?? [],
            JoinTimeout = Value(JoinTimeout) is { } seconds ? TimeSpan.FromSeconds(seconds) : joinTimeout,
            Tls = new TlsFiles(Value(TlsCertificate), Value(TlsKey), Value(TlsAuthority)),
            Insecure = Value(Insecure),
        };
    }

    /// <summary>The option <c>--log-level</c>.</summary>
    public static Option<LogEventLevel?> LogLevelOption(string byDefault) => TypedOption.Word(
        "--log-level", LogLevels, $"The least important log lines to write, to standard error. Default: {byDefault}");

    /// <summary>The option <c>--log-format</c>.</summary>
    public static Option<LogFormat?> LogFormatOption() => TypedOption.Word(
        "--log-format", LogFormats, "How log lines look; json is an object a line. Default: text");

    private static Option<string?> PemFile(string name, string description) =>
        new(name) { HelpName = "FILE", Description = description };

    /// <summary>An option that takes an address.</summary>
    public static Option<HostPort?> Address(string name, string description) => new(name)
    {
        HelpName = "HOST:PORT",
        Description = description,
        CustomParser = result => TypedOption.Parse<HostPort>(
            result, RightAddress, auto: false, text => HostPort.TryParse(text, out var value) ? value : null),
    };

    private static HostPort[]? Addresses(ArgumentResult result)
    {
        var addresses = new List<HostPort>();
        foreach (string text in result.Tokens[0].Value.Split(',', StringSplitOptions.TrimEntries))
        {
            if (HostPort.TryParse(text, out var address)) addresses.Add(address);
            else result.AddError(new Problem("seed-nodes", text, RightAddress).ToString());
        }

        return [.. addresses];
    }
}
