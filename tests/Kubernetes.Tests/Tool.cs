using System.ComponentModel;
using System.Diagnostics;

namespace ActorHutch.Kubernetes.Tests;

/// <summary>Runs other people's programs to their end.</summary>
internal static class Tool
{
    /// <summary>What a program wrote to standard output.</summary>
    /// <exception cref="InvalidOperationException">It is not installed, or failed.</exception>
    public static string Run(string file, params string[] arguments) => RunIn(Repository.Root, file, arguments);

    /// <summary>The same in another folder than the repository's.</summary>
    public static string RunIn(
        string folder, string file, IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string>? environment = null)
    {
        var start = new ProcessStartInfo(file, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder,
        };
        foreach (var (name, value) in environment ?? new Dictionary<string, string>()) start.Environment[name] = value;
        try
        {
            using var process = System.Diagnostics.Process.Start(start)!;
            var error = process.StandardError.ReadToEndAsync();
            string output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0
                ? output
                : throw new InvalidOperationException(
                    $"{file} {string.Join(' ', arguments)} ended with {process.ExitCode}:\n{output}\n{error.Result}");
        }
        catch (Win32Exception problem)
        {
            throw new InvalidOperationException($"{file}: {problem.Message}", problem);
        }
    }

    /// <summary>Skips the test, by name, where a program is not installed.</summary>
    public static void NeedOrSkip(params string[] programs)
    {
        string[] folders = [.. (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':'), "/usr/sbin", "/sbin"];
        foreach (string program in programs)
        {
            if (!folders.Any(folder => File.Exists(Path.Combine(folder, program)))) Assert.Skip($"{program} is not installed.");
        }
    }
}
