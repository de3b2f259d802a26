using System.Diagnostics;

namespace ActorHutch.Process.Tests.Programs;

/// <summary>A Python that has PyTorch; where there is none, tests that ask for it are skipped.</summary>
internal static class PythonWithTorch
{
    /// <summary>Its path.</summary>
    public static string OrSkip()
    {
        string? named = Environment.GetEnvironmentVariable("ACTORHUTCH_PYTHON");
        string[] pythons = string.IsNullOrEmpty(named) ? ["/usr/bin/python3", "/usr/local/bin/python3"] : [named];
        string? found = pythons.Where(File.Exists).FirstOrDefault(python => Run(python, "import torch") == 0);
        Assert.SkipWhen(found is null,
            "python3 has no torch: apt-get install python3-torch, or name a Python that has it in ACTORHUTCH_PYTHON");
        return found!;
    }

    /// <summary>Runs a program of its language, and gives its exit code.</summary>
    public static int Run(string python, string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(python, ["-c", program, .. arguments]) { RedirectStandardError = true };
        start.Environment["PYTHONDONTWRITEBYTECODE"] = "1";
        using var process = System.Diagnostics.Process.Start(start)!;
        process.StandardError.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode;
    }
}
