using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using ActorHutch.Shared.Options;
using ActorHutch.Shared.Security;

namespace ActorHutch.Shared.Tests.Security;

/// <summary>The commands in docs/security.md make certificates that work.</summary>
public sealed partial class OpenSslTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("actorhutch-openssl-").FullName;

    [Fact]
    public async Task The_commands_of_the_documentation_make_certificates_that_work()
    {
        Assert.SkipUnless(Exists("openssl") && Exists("sh"), "There is no openssl or no sh here.");
        string page = await File.ReadAllTextAsync(Documentation());
        foreach (Match block in CodeBlock().Matches(page)) Run("sh", "-ec", block.Groups[1].Value);
        var problems = new List<Problem>();

        var files = new TlsFiles(At("worker-1.pem"), At("worker-1.key"), At("ca.pem"));
        TlsSettings.Read(files, problems);
        Assert.Empty(problems);

        await using var one = Node.Start(files);
        await using var two = Node.Start(files);
        await one.IsServedBy(two);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string At(string name) => Path.Combine(_folder, name);

    private static bool Exists(string program)
    {
        try
        {
            using var process = Process.Start(
                new ProcessStartInfo(program, program == "sh" ? ["-c", "true"] : ["version"]) { RedirectStandardOutput = true });
            process!.WaitForExit();
            return true;
        }
        catch (Win32Exception)
        {
            return false;
        }
    }

    private void Run(string program, params string[] arguments)
    {
        using var process = Process.Start(
            new ProcessStartInfo(program, arguments) { WorkingDirectory = _folder, RedirectStandardError = true })!;
        string error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, error);
    }

    private static string Documentation([CallerFilePath] string here = "") =>
        Path.Combine(Path.GetDirectoryName(here)!, "../../../docs/security.md");

    [GeneratedRegex("^```sh\n(.*?)^```", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex CodeBlock();
}
