using System.Reflection;

namespace ActorHutch.Kubernetes.Tests;

/// <summary>The files that these tests are about.</summary>
internal static class Repository
{
    /// <summary>Its root.</summary>
    public static string Root { get; } = Path.GetFullPath(typeof(Repository).Assembly
        .GetCustomAttributes<AssemblyMetadataAttribute>().Single(data => data.Key == "repository").Value!);

    /// <summary>A file's path.</summary>
    public static string PathOf(string file) => Path.Combine(Root, file);

    /// <summary>A file's text.</summary>
    public static string Read(string file) => File.ReadAllText(PathOf(file));

    /// <summary>The version that is built here.</summary>
    public static string Version { get; } = typeof(Repository).Assembly
        .GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;
}
