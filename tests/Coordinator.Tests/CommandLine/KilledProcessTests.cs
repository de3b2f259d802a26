using System.Diagnostics;
using System.Text.Json;

namespace ActorHutch.Coordinator.Tests.CommandLine;

/// <summary>The program itself, killed by the operating system.</summary>
public sealed class KilledProcessTests : IDisposable
{
    private static readonly string[] Line = ["estimate", "--method", "autodiff", "--probes", "3000", "--v-batch", "25", "--json"];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Killed_half_way_and_run_again_it_ends_with_the_same_bits()
    {
        var (_, uninterrupted, _) = await Run(Line);
        string[] line = [.. Line, "--state", _folder.Path];
        int written = await KillAfter(60, line);

        var (code, resumed, error) = await Run(line);

        Assert.Equal(0, code);
        int kept = int.Parse(error.Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture);
        Assert.Matches(@"^\d+ of 120 chunks were in the state directory.\n$", error);
        // What was said to be written is there; more may have been when the signal came.
        Assert.InRange(kept, written, 119);
        var (expected, actual) = (JsonDocument.Parse(uninterrupted).RootElement, JsonDocument.Parse(resumed).RootElement);
        foreach (string name in (string[])["trace", "standardError", "confidence", "blocks", "probes", "exactTrace"])
            Assert.Equal(expected.GetProperty(name).GetRawText(), actual.GetProperty(name).GetRawText());
        Assert.Equal(120, actual.GetProperty("workers").EnumerateArray().Sum(worker => worker.GetProperty("chunks").GetInt32()));
    }

    /// <summary>Runs the program until it says that so many chunks are on the disk; returns how many it said.</summary>
    private static async Task<int> KillAfter(int chunks, string[] line)
    {
        using var process = Start([.. line, "--log-level", "debug"]);
        // The replica, which is written first, counts as one.
        int written = -1;
        while (written < chunks && await process.StandardError.ReadLineAsync() is { } said)
        {
            string[] words = said.Split(' ');
            if (said.EndsWith(" more written to the journal", StringComparison.Ordinal))
                written += int.Parse(words[^6], System.Globalization.CultureInfo.InvariantCulture);
        }

        process.Kill();
        await process.WaitForExitAsync();
        Assert.NotEqual(0, process.ExitCode);
        return written;
    }

    private static async Task<(int Code, string Out, string Error)> Run(string[] line)
    {
        using var process = Start(line);
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, await output, await error);
    }

    private static Process Start(string[] line) => Process.Start(
        new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "actorhutch.dll"), .. line])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
}
