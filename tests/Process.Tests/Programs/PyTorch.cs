using System.Diagnostics;

namespace ActorHutch.Process.Tests.Programs;

/// <summary>A Python that has PyTorch.</summary>
internal static class PyTorch
{
    /// <summary>Its file; skips the test where there is none.</summary>
    public static string PythonOrSkip()
    {
        string? named = Environment.GetEnvironmentVariable("ACTORHUTCH_PYTHON");
        string[] pythons = string.IsNullOrEmpty(named) ? ["/usr/bin/python3", "/usr/local/bin/python3"] : [named];
        string? found = pythons.Where(File.Exists).FirstOrDefault(python => Run(python, ".", "-c", "import torch").Code == 0);
        Assert.SkipWhen(found is null,
            "python3 has no torch: apt-get install python3-torch, or name a Python that has it in ACTORHUTCH_PYTHON");
        return found!;
    }

    /// <summary>Runs a script in a folder; skips the test where there is no Python for it.</summary>
    public static void RunOrSkip(string folder, string script)
    {
        // TorchScript reads its own source.
        string file = Path.Combine(folder, "script.py");
        File.WriteAllText(file, script);
        var (code, error) = Run(PythonOrSkip(), folder, file);
        Assert.True(code == 0, error);
    }

    private static (int Code, string Error) Run(string python, string folder, params string[] arguments)
    {
        using var process = System.Diagnostics.Process.Start(
            new ProcessStartInfo(python, arguments) { RedirectStandardError = true, WorkingDirectory = folder })!;
        string error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, error);
    }
}
