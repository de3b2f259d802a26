namespace ActorHutch.Kubernetes.Tests.Manifests;

/// <summary>Overlays with the component for monitoring, as the page tells to add it.</summary>
internal static class Monitored
{
    /// <summary>Renders one, or skips the test where that cannot be done.</summary>
    public static Overlay OrSkip(string name)
    {
        string lines = PageTests.Additions.Single(addition => addition.Data.StartsWith("components:", StringComparison.Ordinal)).Data;
        return Overlay.RenderChangedOrSkip(name, folder => File.AppendAllText(Path.Combine(folder, "kustomization.yaml"), lines));
    }
}
