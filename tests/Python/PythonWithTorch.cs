using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace ActorHutch.Python;

/// <summary>A Python that has PyTorch. Where there is none, tests that need it are skipped.</summary>
internal static class PythonWithTorch
{
    /// <summary>Names a Python that has PyTorch, instead of those that are tried.</summary>
    private const string Variable = "ACTORHUTCH_PYTHON";

    private const string Skipped =
        "python3 has no torch: apt-get install python3-torch, or name a Python that has it in ACTORHUTCH_PYTHON";

    private static readonly Lazy<string?> Found = new(Find);

    /// <summary>The folder of all test projects.</summary>
    private static string Tests => Path.GetFullPath(Path.Combine(Here(), ".."));

    public static void SkipUnlessFound() => Assert.SkipUnless(Found.Value is not null, Skipped);

    /// <summary>Its path; skips the test where there is none.</summary>
    public static string OrSkip()
    {
        SkipUnlessFound();
        return Found.Value!;
    }

    /// <summary>Whether that Python has another module too.</summary>
    public static bool Has(string module) => Found.Value is { } python && Run(python, $"import {module}") == 0;

    /// <summary>
    /// Runs a script that lies under <c>tests</c> with the folder tools, one to write to and what else it is told; false
    /// where there is no such Python.
    /// </summary>
    public static bool Runs(string script, string folder, params string[] arguments)
    {
        if (Found.Value is not { } python) return false;
        var (code, output) = Start(
            python, ".", [Path.Combine(Tests, script), Path.GetFullPath(Path.Combine(Tests, "..", "tools")), folder, .. arguments]);
        return code == 0 ? true : throw new InvalidOperationException($"{script} ended with {code}: {output}");
    }

    /// <summary>Runs a program of its language, and gives its exit code.</summary>
    public static int Run(string python, string program, params string[] arguments) => Start(python, ".", ["-c", program, .. arguments]).Code;

    /// <summary>Runs a module of its library in a folder, with variables more in its environment.</summary>
    public static (int Code, string Output) RunModule(
        string python, string folder, (string Name, string Value)[] variables, params string[] arguments) =>
        Start(python, folder, ["-m", .. arguments], variables);

    /// <summary>Runs a program of its language in a folder; skips the test where there is no Python for it.</summary>
    public static void RunOrSkip(string folder, string program)
    {
        // TorchScript reads its own source.
        string file = Path.Combine(folder, "script.py");
        File.WriteAllText(file, program);
        var (code, output) = Start(OrSkip(), folder, [file]);
        Assert.True(code == 0, output);
    }

    private static string? Find()
    {
        string? named = Environment.GetEnvironmentVariable(Variable);
        string[] folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator);
        string[] pythons = string.IsNullOrEmpty(named)
            ? ["/usr/bin/python3", .. folders.Select(folder => Path.Combine(folder, "python3")).Where(File.Exists)]
            : [named];
        string? found = pythons.Distinct().FirstOrDefault(python => Run(python, "import torch") == 0);
        return found is not null || string.IsNullOrEmpty(named)
            ? found
            : throw new InvalidOperationException($"{Variable}={named}: it cannot import torch.");
    }

    private static (int Code, string Output) Start(string python, string folder, IEnumerable<string> arguments, params (string Name, string Value)[] variables)
    {
        var start = new ProcessStartInfo(python, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder,
        };
        start.Environment["PYTHONDONTWRITEBYTECODE"] = "1";
        foreach (var (name, value) in variables) start.Environment[name] = value;
        try
        {
            using var process = System.Diagnostics.Process.Start(start)!;
            var errors = process.StandardError.ReadToEndAsync();
            string output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return (process.ExitCode, output + errors.Result);
        }
        catch (Win32Exception)
        {
            return (-1, "");
        }
    }

    private static string Here([CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;
}
