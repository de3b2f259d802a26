using System.Runtime.CompilerServices;

namespace ActorHutch.Curvature.Tests.Models;

/// <summary>Where the sources of this test are.</summary>
internal static class Repository
{
    public static string Root => Path.GetFullPath(Path.Combine(Here(), "..", "..", ".."));

    private static string Here([CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;
}
