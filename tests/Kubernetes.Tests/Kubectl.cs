using System.Globalization;
using System.Text.Json;

namespace ActorHutch.Kubernetes.Tests;

/// <summary>The kubectl of this machine.</summary>
internal static class Kubectl
{
    /// <summary>The oldest that may be used with Kubernetes 1.31, which the manifests are for, has version 1.30.</summary>
    private const int OldestMinor = 30;

    private static readonly Lazy<int> Minor = new(() =>
    {
        using var json = JsonDocument.Parse(Tool.Run("kubectl", "version", "--client", "--output", "json"));
        return int.Parse(json.RootElement.GetProperty("clientVersion").GetProperty("minor").GetString()!.TrimEnd('+'), CultureInfo.InvariantCulture);
    });

    /// <summary>Skips the test where there is none, or one that is too old.</summary>
    public static void NeedOrSkip()
    {
        Tool.NeedOrSkip("kubectl");
        if (Minor.Value < OldestMinor) Assert.Skip($"kubectl 1.{Minor.Value} is installed; 1.{OldestMinor} or newer is needed.");
    }
}
