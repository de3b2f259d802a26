using System.Diagnostics;

namespace ActorHutch.Curvature.Tests;

/// <summary>
/// Starts this very program again for some of its tests: libtorch is loaded once a process, and writes its warnings to the
/// process's standard error.
/// </summary>
internal static class ThisProgram
{
    /// <summary>Runs tests and waits for them.</summary>
    /// <param name="variable">A variable of the environment, and its value.</param>
    /// <param name="filter">What the runner is told: <c>-class</c> or <c>-method</c>, and its argument.</param>
    public static (bool Succeeded, string Output, string Errors) Run((string Name, string Value) variable, params string[] filter)
    {
        string program = Path.Combine(AppContext.BaseDirectory, typeof(ThisProgram).Assembly.GetName().Name!)
            + (OperatingSystem.IsWindows() ? ".exe" : "");
        var start = new ProcessStartInfo(program, ["-noColor", .. filter]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment[variable.Name] = variable.Value;
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode == 0, output, errors.Result);
    }
}
