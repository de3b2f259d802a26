using ActorHutch.Kubernetes.Tests.Prometheus;

[assembly: AssemblyFixture(typeof(Promtool))]

namespace ActorHutch.Kubernetes.Tests.Prometheus;

/// <summary>
/// Prometheus' own checker of rules: this machine's, or the one in Debian's package, which is unpacked and not installed,
/// because that would start a server.
/// </summary>
public sealed class Promtool : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("actorhutch-promtool-").FullName;
    private readonly Lazy<string?> _problem;
    private string _program = "promtool";

    /// <summary>Looked for when it is asked for.</summary>
    public Promtool() => _problem = new Lazy<string?>(Find);

    /// <inheritdoc/>
    public void Dispose() => Directory.Delete(_folder, recursive: true);

    /// <summary>Skips the test where there is none to be had.</summary>
    internal void NeedOrSkip()
    {
        if (_problem.Value is { } problem) Assert.Skip($"promtool is not installed, and Debian's package cannot be had: {problem}");
    }

    /// <summary>What it writes of files that it is given, by name, in a folder of their own.</summary>
    /// <exception cref="InvalidOperationException">Something is wrong with them.</exception>
    internal string Run(IReadOnlyDictionary<string, string> files, params string[] arguments)
    {
        NeedOrSkip();
        string folder = Directory.CreateTempSubdirectory("actorhutch-rules-").FullName;
        try
        {
            foreach (var (name, text) in files) File.WriteAllText(Path.Combine(folder, name), text);
            return Tool.RunIn(folder, _program, arguments);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private string? Find()
    {
        try
        {
            Tool.Run(_program, "--version");
            return null;
        }
        catch (InvalidOperationException)
        {
            // Not installed.
        }

        try
        {
            Tool.RunIn(_folder, "sh", ["-c", "apt-get -qq download prometheus && dpkg --extract prometheus_*.deb ."]);
            _program = Path.Combine(_folder, "usr", "bin", "promtool");
            Tool.Run(_program, "--version");
            return null;
        }
        catch (InvalidOperationException problem)
        {
            return problem.Message;
        }
    }
}
