using System.Diagnostics;

namespace ActorHutch.Curvature.Tests.Models;

/// <summary>A Python that has PyTorch. Where there is none, tests that need it are skipped.</summary>
internal static class PythonWithTorch
{
    /// <summary>Names a Python that has PyTorch, instead of those that are tried.</summary>
    private const string Variable = "ACTORHUTCH_PYTHON";

    private const string Skipped =
        "python3 has no torch: apt-get install python3-torch, or name a Python that has it in ACTORHUTCH_PYTHON";

    private static readonly Lazy<string?> Found = new(Find);

    public static void SkipUnlessFound() => Assert.SkipUnless(Found.Value is not null, Skipped);

    /// <summary>Whether that Python has another module too.</summary>
    public static bool Has(string module) => Found.Value is { } python && Run(python, "-c", $"import {module}").Code == 0;

    /// <summary>Runs a script of this project with the folder tools and one to write to; false where there is no such Python.</summary>
    public static bool Runs(string script, string folder)
    {
        if (Found.Value is not { } python) return false;
        string path = Path.Combine(Repository.Root, "tests", "Curvature.Tests", script);
        var (code, output) = Run(python, path, Path.Combine(Repository.Root, "tools"), folder);
        return code == 0 ? true : throw new InvalidOperationException($"{script} ended with {code}: {output}");
    }

    private static string? Find()
    {
        string? named = Environment.GetEnvironmentVariable(Variable);
        string[] pythons = string.IsNullOrEmpty(named) ? ["/usr/bin/python3", "python3"] : [named];
        string? found = pythons.FirstOrDefault(python => Run(python, "-c", "import torch").Code == 0);
        return found is not null || string.IsNullOrEmpty(named)
            ? found
            : throw new InvalidOperationException($"{Variable}={named}: it cannot import torch.");
    }

    private static (int Code, string Output) Run(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["PYTHONDONTWRITEBYTECODE"] = "1";
        try
        {
            using var process = Process.Start(start)!;
            var errors = process.StandardError.ReadToEndAsync();
            string output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return (process.ExitCode, output + errors.Result);
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return (-1, "");
        }
    }
}
