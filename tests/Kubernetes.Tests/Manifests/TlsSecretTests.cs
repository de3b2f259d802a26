using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace ActorHutch.Kubernetes.Tests.Manifests;

/// <summary>The script that makes the Secret.</summary>
public sealed class TlsSecretTests(TlsSecret secret)
{
    [Fact]
    public void It_is_the_one_that_the_pods_mount_and_holds_no_authoritys_key()
    {
        var made = secret.MakeOrSkip();

        Assert.Equal("actorhutch-tls", made.Metadata.Name);
        Assert.Equal("kubernetes.io/tls", made.Type);
        Assert.Equal(["ca.crt", "tls.crt", "tls.key"], made.Data.Keys.Order());
        using var certificate = X509Certificate2.CreateFromPem(
            Encoding.ASCII.GetString(made.Data["tls.crt"]), Encoding.ASCII.GetString(made.Data["tls.key"]));
        Assert.True(certificate.HasPrivateKey);
        // As many days as the script is told.
        Assert.InRange(certificate.NotAfter, DateTime.Now.AddDays(1), DateTime.Now.AddDays(3));
        Assert.DoesNotContain("PRIVATE", Encoding.ASCII.GetString(made.Data["ca.crt"]), StringComparison.Ordinal);
    }
}
