using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using ActorHutch.Shared.Hosting;
using ActorHutch.Shared.Jobs;
using Serilog.Events;

namespace ActorHutch.Shared.CommandLine;

/// <summary>The options that a node of a cluster has, whatever it is.</summary>
public sealed class NodeOptions
{
    private const string RightAddress = "must be HOST:PORT";

    private static readonly Choice<LogEventLevel> Levels = new(
        LogEventLevel.Debug, LogEventLevel.Information, LogEventLevel.Warning, LogEventLevel.Error);

    /// <summary>The options.</summary>
    /// <param name="joinTimeout">What <c>--join-timeout</c> is for, and its default.</param>
    public NodeOptions(string joinTimeout) => JoinTimeout = new Option<double?>("--join-timeout")
    {
        HelpName = "SECONDS",
        Description = joinTimeout,
        CustomParser = result => TypedOption.Parse<double>(
            result, "must be a number of seconds above 0", auto: false,
            text => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value)
                && value > 0 && value <= int.MaxValue / 1000 ? value : null),
    };

    /// <summary>Where it binds.</summary>
    public Option<HostPort?> Listen { get; } =
        Address("--listen", "Where this node listens");

    /// <summary>Where others find it.</summary>
    public Option<HostPort?> Advertise { get; } =
        Address("--advertise", "The address that others reach this node by. Default: --listen");

    /// <summary>Whom it joins.</summary>
    public Option<HostPort[]?> SeedNodes { get; } = new("--seed-nodes")
    {
        HelpName = "HOST:PORT,…",
        Description = "Nodes to join, as they advertise themselves",
        CustomParser = Addresses,
    };

    /// <summary>Where its health is told.</summary>
    public Option<HostPort?> Health { get; } =
        Address("--health", "Answer GET /healthz/live and /healthz/ready here. Default: nowhere");

    /// <summary>How long to wait.</summary>
    public Option<double?> JoinTimeout { get; }

    /// <summary>All of them.</summary>
    public IReadOnlyList<Option> All => [Listen, Advertise, SeedNodes, JoinTimeout, Health];

    /// <summary>The option <c>--log-level</c>.</summary>
    public static Option<LogEventLevel?> LogLevelOption(string byDefault) => TypedOption.Word(
        "--log-level", Levels, $"The least important log lines to write, to standard error. Default: {byDefault}");

    private static Option<HostPort?> Address(string name, string description) => new(name)
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
