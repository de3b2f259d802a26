using System.Security.Cryptography;
using ActorHutch.Shared.Options;
using ActorHutch.Shared.Security;

namespace ActorHutch.Shared.Tests.Security;

public sealed class TlsSettingsTests : IDisposable
{
    private readonly Certificates _certificates = new();
    private readonly Certificates _others = new();

    [Fact]
    public void Good_files_are_good()
    {
        var tls = TlsSettings.Read(_certificates.Good(), new List<Problem>());

        Assert.NotNull(tls);
        Assert.True(tls.Certificate.HasPrivateKey);
    }

    [Fact]
    public void No_files_are_no_problem_and_no_TLS()
    {
        var problems = new List<Problem>();

        Assert.Null(TlsSettings.Read(TlsFiles.None, problems));
        Assert.Empty(problems);
    }

    [Fact]
    public void All_three_belong_together()
    {
        var good = _certificates.Good();

        Expect(good with { Authority = null }, "--tls-ca (not given): must be given: --tls-cert, --tls-key and --tls-ca belong together.");
        Expect(good with { Key = null }, "--tls-key (not given): must be given: --tls-cert, --tls-key and --tls-ca belong together.");
        Expect(good with { Certificate = null }, "--tls-cert (not given): must be given: --tls-cert, --tls-key and --tls-ca belong together.");
    }

    [Fact]
    public void Every_missing_file_is_named() =>
        Expect(
            new TlsFiles("/nowhere/a", "/nowhere/b", "/nowhere/c"),
            "--tls-cert /nowhere/a: must be a file, and there is none.",
            "--tls-key /nowhere/b: must be a file, and there is none.",
            "--tls-ca /nowhere/c: must be a file, and there is none.");

    [Fact]
    public void A_folder_is_no_file()
    {
        string folder = Path.GetDirectoryName(_certificates.AuthorityFile)!;

        Expect(_certificates.Good() with { Authority = folder }, $"--tls-ca {folder}: must be a file that can be read: *");
    }

    [Fact]
    public void What_is_no_PEM_is_named()
    {
        string nonsense = _certificates.WriteFile("nonsense", "nonsense");

        Expect(
            new TlsFiles(nonsense, _certificates.Good().Key, nonsense),
            $"--tls-cert {nonsense}: must hold a certificate in PEM: -----BEGIN CERTIFICATE-----.",
            $"--tls-ca {nonsense}: must hold a certificate in PEM: -----BEGIN CERTIFICATE-----.");
        Expect(
            _certificates.Good() with { Key = nonsense },
            $"--tls-key {nonsense}: must hold a private key in PEM: -----BEGIN PRIVATE KEY-----.");
    }

    [Fact]
    public void The_key_of_another_certificate_is_named()
    {
        var good = _certificates.Good() with { Key = _certificates.Good().Key };

        Expect(good, $"--tls-key {good.Key}: must be the private key of {good.Certificate}, and is not.");
    }

    [Fact]
    public void A_key_of_another_kind_is_named()
    {
        using var rsa = RSA.Create(2048);
        var good = _certificates.Good() with { Key = _certificates.WriteFile("rsa", rsa.ExportPkcs8PrivateKeyPem()) };

        Expect(good, $"--tls-key {good.Key}: must be the private key of {good.Certificate}, and is not.");
    }

    [Fact]
    public void An_encrypted_key_cannot_be_used()
    {
        using var key = ECDsa.Create();
        string text = key.ExportEncryptedPkcs8PrivateKeyPem(
            "secret", new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 1000));
        var good = _certificates.Good() with { Key = _certificates.WriteFile("encrypted", text) };

        Expect(good, $"--tls-key {good.Key}: must not be encrypted, *openssl pkey*");
    }

    [Fact]
    public void A_certificate_that_the_others_would_refuse_is_refused_at_home()
    {
        ExpectRefused(_certificates.Expired(), "it is valid from *, which is not now");
        ExpectRefused(_certificates.NotYetValid(), "it is valid from *, which is not now");
        ExpectRefused(_certificates.ServerOnly(), "its extended key usage is not serverAuth and clientAuth*");
        ExpectRefused(_certificates.ClientOnly(), "its extended key usage is not serverAuth and clientAuth*");
        ExpectRefused(_certificates.WithoutUse(), "its extended key usage is not serverAuth and clientAuth*");
        ExpectRefused(
            _certificates.Good() with { Authority = _others.AuthorityFile },
            // An authority of the same name and another key: the name is not what counts.
            "*");
    }

    [Fact]
    public void An_authority_may_be_one_of_several()
    {
        string both = _certificates.WriteFile(
            "both", File.ReadAllText(_others.AuthorityFile) + "\n" + File.ReadAllText(_certificates.AuthorityFile));

        Assert.NotNull(TlsSettings.Read(_certificates.Good() with { Authority = both }, new List<Problem>()));
    }

    public void Dispose()
    {
        _certificates.Dispose();
        _others.Dispose();
    }

    private static void ExpectRefused(TlsFiles files, string refusal) => Expect(
        files,
        $"--tls-cert {files.Certificate}: must be a certificate that the others accept, and this one is refused: {refusal}.");

    private static void Expect(TlsFiles files, params string[] lines)
    {
        var problems = new List<Problem>();

        Assert.Null(TlsSettings.Read(files, problems));

        Assert.Equal(lines.Length, problems.Count);
        Assert.All(problems.Zip(lines), pair => Assert.Matches(
            "^" + string.Join(".*", pair.Second.Split('*').Select(System.Text.RegularExpressions.Regex.Escape)) + "$",
            pair.First.ToString()));
    }
}
