using k8s.Models;

namespace ActorHutch.Kubernetes.Tests.Manifests;

/// <summary>What a kubelet puts into a volume.</summary>
internal static class Volumes
{
    public static void Fill(string folder, V1ConfigMap map)
    {
        foreach (var (name, text) in map.Data) File.WriteAllText(Path.Combine(folder, name), text);
    }

    public static void Fill(string folder, V1Secret secret)
    {
        foreach (var (name, bytes) in secret.Data) File.WriteAllBytes(Path.Combine(folder, name), bytes);
    }
}
