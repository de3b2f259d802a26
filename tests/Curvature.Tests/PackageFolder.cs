using System.Diagnostics;

namespace ActorHutch.Curvature.Tests;

/// <summary>
/// A folder outside the repository, to make the package from a clean checkout and to use it. The package that is made stays in it;
/// other packages come from where this machine has them.
/// </summary>
internal sealed class PackageFolder : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("actorhutch-package-");

    private string Packages => Path.Combine(_folder.FullName, "nuget");

    /// <summary>The folder that restore keeps packages in, unless it is told another.</summary>
    private static string SharedPackages => Environment.GetEnvironmentVariable("NUGET_PACKAGES") is { Length: > 0 } folder
        ? folder
        : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");

    /// <summary>Copies what the library is built of, without what builds left there.</summary>
    /// <param name="root">The repository.</param>
    /// <returns>The copy.</returns>
    public string Clone(string root)
    {
        string clone = _folder.CreateSubdirectory("clone").FullName;
        string[] files =
        [
            .. Directory.GetFiles(root),
            .. new[] { "build", "src/Curvature" }.SelectMany(part => Directory.GetFiles(Path.Combine(root, part), "*", SearchOption.AllDirectories)),
        ];
        foreach (string file in files)
        {
            string name = Path.GetRelativePath(root, file);
            if (name.Split(Path.DirectorySeparatorChar).Any(part => part is "bin" or "obj")) continue;
            string copy = Path.Combine(clone, name);
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }

        return clone;
    }

    /// <summary>Runs a command and returns its standard output; the test fails where it ends with another exit code than 0.</summary>
    /// <param name="folder">Where it runs.</param>
    /// <param name="command">The command, as for a shell.</param>
    public string Shell(string folder, string command)
    {
        var start = new ProcessStartInfo("sh", ["-c", command])
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // What an SDK that runs these tests leaves for programs that it starts would lead another one astray.
        foreach (string name in start.Environment.Keys.Where(name => name.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase)).ToArray())
            start.Environment.Remove(name);
        // Nothing stays behind when the command has ended, and it says nothing but what it has to.
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        start.Environment["UseSharedCompilation"] = "false";
        start.Environment["DOTNET_NOLOGO"] = "1";
        start.Environment["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1";
        start.Environment["DOTNET_SYSTEM_GLOBALIZATION_INVARIANT"] = "1";
        // The build is that of any clone; the project's packages are those that this machine has, and the one that was packed.
        if (!command.StartsWith("dotnet pack ", StringComparison.Ordinal))
        {
            start.Environment["NUGET_PACKAGES"] = Packages;
            start.Environment["RestoreFallbackFolders"] = SharedPackages;
        }

        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{command}\n{output}{error.Result}");
        return output;
    }

    /// <summary>A file of the package, where a project that uses it has it from.</summary>
    /// <param name="part">The folder in the package.</param>
    /// <param name="name">The file's name.</param>
    public string Installed(string part, string name)
    {
        string version = Assert.Single(Directory.GetDirectories(Path.Combine(Packages, "actorhutch.curvature")));
        return Assert.Single(Directory.GetFiles(Path.Combine(version, part), name, SearchOption.AllDirectories));
    }

    public void Dispose() => _folder.Delete(recursive: true);
}
