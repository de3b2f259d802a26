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
    public static int Run(string python, string program, params string[] arguments) => Run(python, ".", ["-c", program, .. arguments]).Code;

    /// <summary>Runs a script in a folder; skips the test where there is no Python for it.</summary>
    public static void RunOrSkip(string folder, string script)
    {
        // TorchScript reads its own source.
        string file = Path.Combine(folder, "script.py");
        File.WriteAllText(file, script);
        var (code, error) = Run(OrSkip(), folder, [file]);
        Assert.True(code == 0, error);
    }

    private static (int Code, string Error) Run(string python, string folder, IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(python, arguments) { RedirectStandardError = true, WorkingDirectory = folder };
        start.Environment["PYTHONDONTWRITEBYTECODE"] = "1";
        using var process = System.Diagnostics.Process.Start(start)!;
        string error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, error);
    }
}
