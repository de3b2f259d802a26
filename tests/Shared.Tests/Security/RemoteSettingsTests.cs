using ActorHutch.Shared.Security;

namespace ActorHutch.Shared.Tests.Security;

public sealed class RemoteSettingsTests : IDisposable
{
    private readonly Certificates _certificates = new();

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("127.8.9.10")]
    [InlineData("localhost")]
    [InlineData("::1")]
    [InlineData("[::1]")]
    public void Loopback_needs_nothing(string host) =>
        Assert.Empty(new RemoteSettings { Host = host }.Validate(out _));

    [Theory]
    [InlineData("0.0.0.0")]
    [InlineData("::")]
    [InlineData("10.0.0.1")]
    [InlineData("127.0.0.1.example.org")]
    [InlineData("localhost.example.org")]
    public void Anything_else_needs_TLS_or_says_what_it_means_to_do_without(string host)
    {
        var settings = new RemoteSettings { Host = host, Port = 4053 };

        var problem = Assert.Single(settings.Validate(out var tls));

        Assert.Null(tls);
        Assert.StartsWith($"--listen {host}:4053: must be on loopback", problem.ToString(), StringComparison.Ordinal);
        Assert.Contains("--tls-cert", problem.Right, StringComparison.Ordinal);
        Assert.Contains("--insecure: then everyone who can connect to the port can read all messages", problem.Right, StringComparison.Ordinal);
        Assert.Empty((settings with { Insecure = true }).Validate(out _));
    }

    [Fact]
    public void With_certificates_it_may_listen_anywhere()
    {
        Assert.Empty(new RemoteSettings { Host = "0.0.0.0", TlsFiles = _certificates.Good() }.Validate(out var tls));
        Assert.NotNull(tls);
    }

    [Fact]
    public void Bad_certificates_are_no_certificates()
    {
        var settings = new RemoteSettings { Host = "0.0.0.0", TlsFiles = _certificates.Expired() };

        Assert.Equal("tls-cert", Assert.Single(settings.Validate(out var tls)).Field);
        Assert.Null(tls);
    }

    [Fact]
    public void Secure_and_insecure_exclude_each_other()
    {
        var settings = new RemoteSettings { TlsFiles = _certificates.Good(), Insecure = true };

        Assert.Equal("insecure", Assert.Single(settings.Validate(out _)).Field);
    }

    public void Dispose() => _certificates.Dispose();
}
