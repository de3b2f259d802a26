using ActorHutch.Kubernetes.Tests.Manifests;
using k8s.Models;

[assembly: AssemblyFixture(typeof(TlsSecret))]

namespace ActorHutch.Kubernetes.Tests.Manifests;

/// <summary>The Secret with the pods' certificate, as <c>k8s/tls-secret.sh</c> makes it.</summary>
public sealed class TlsSecret
{
    private readonly Lazy<string> _yaml = new(() => Tool.Run("sh", "k8s/tls-secret.sh", "2"));

    /// <summary>Makes it, or skips the test where that cannot be done.</summary>
    internal V1Secret MakeOrSkip()
    {
        Tool.NeedOrSkip("openssl");
        return Assert.IsType<V1Secret>(Assert.Single(Overlay.Read(_yaml.Value)));
    }
}
