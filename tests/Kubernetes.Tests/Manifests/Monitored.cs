namespace ActorHutch.Kubernetes.Tests.Manifests;

/// <summary>Overlays with the component for monitoring, as the page tells to add it.</summary>
internal static class Monitored
{
    private const string Lines = "components:\n- ../../components/monitoring\n";

    /// <summary>Renders one, or skips the test where that cannot be done.</summary>
    public static Overlay OrSkip(string name)
    {
        Assert.Contains(Lines, Repository.Read("docs/kubernetes.md").Replace("\n    ", "\n", StringComparison.Ordinal), StringComparison.Ordinal);
        return Overlay.RenderChangedOrSkip(name, folder => File.AppendAllText(Path.Combine(folder, "kustomization.yaml"), Lines));
    }
}
