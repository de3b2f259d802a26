using ActorHutch.Shared.Hosting;
using ActorHutch.Shared.Security;
using Akka.Configuration;

namespace ActorHutch.Shared.Tests.Security;

public sealed class SchemeTests : IDisposable
{
    private readonly Certificates _certificates = new();

    [Fact]
    public void A_port_that_speaks_no_TLS_where_TLS_was_asked_for_does_not_start()
    {
        var settings = new RemoteSettings { TlsFiles = _certificates.Good() };
        Assert.Empty(settings.Validate(out var tls));
        var plain = ConfigurationFactory.ParseString(
            "akka { loglevel = OFF, actor.provider = remote, remote.dot-netty.tcp.enable-ssl = false }");

        var error = Assert.Throws<InvalidOperationException>(() => RemoteHosting.Create(plain, settings, tls));

        Assert.Contains("speaks akka.tcp and should speak akka.ssl.tcp", error.Message, StringComparison.Ordinal);
    }

    public void Dispose() => _certificates.Dispose();
}
