using System.Reflection;
using Akka.Actor;
using TorchSharp;

namespace ActorHutch.Coordinator.Reports;

/// <summary>Which software computed a result.</summary>
internal sealed record VersionReport(string ActorHutch, string Akka, string TorchSharp, string Dotnet)
{
    /// <summary>Of this process.</summary>
    public static VersionReport Current { get; } = new(
        Of(typeof(VersionReport)), Of(typeof(ActorSystem)), Of(typeof(torch)), Environment.Version.ToString());

    /// <summary>As it is published: without the commit that some builds append.</summary>
    private static string Of(Type type) =>
        type.Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0]
        ?? type.Assembly.GetName().Version?.ToString() ?? "unknown";
}
