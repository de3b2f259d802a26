using System.Diagnostics;
using System.Globalization;

namespace ActorHutch.Benchmarks;

/// <summary>
/// How long the programs take from start to end for a job of a tenth of a second, in several builds that take turns: BackPACK's
/// example, and the same on a cluster of one worker.
/// </summary>
internal static class StartUpBenchmark
{
    private const int Rounds = 15;
    private const string Port = "14053";

    private static readonly (string Name, Action<string> Run)[] Jobs =
    [
        ("actorhutch", folder => Run(folder, "actorhutch", "--quiet")),
        ("actorhutch estimate --cluster and one actorhutch-worker", RunCluster),
    ];

    /// <summary>Prints the times.</summary>
    /// <param name="folders">Each with both programs, as a build or a publish leaves them; ratios are to the first.</param>
    public static void Run(IReadOnlyList<string> folders)
    {
        if (folders.Count == 0)
        {
            Watched.Print($"start-up FOLDER [FOLDER ...]: folders with the programs actorhutch and actorhutch-worker");
            return;
        }

        foreach (var (name, run) in Jobs)
        {
            double[][] times = [.. folders.Select(_ => new double[Rounds])];
            // A first time for each, since files that nobody has read yet come from the disk.
            for (int round = -1; round < Rounds; round++)
            {
                for (int i = 0; i < folders.Count; i++)
                {
                    long start = Stopwatch.GetTimestamp();
                    run(folders[i]);
                    if (round >= 0) times[i][round] = Stopwatch.GetElapsedTime(start).TotalSeconds;
                }
            }

            Watched.Print($"{name}, {Rounds} times in turns");
            double median = Median(times[0]), least = times[0].Min();
            for (int i = 0; i < folders.Count; i++)
            {
                double here = Median(times[i]), leastHere = times[i].Min();
                Watched.Print($"  {folders[i]}: median {here:0.000} s, {median / here:0.00} times as fast as the first; least {leastHere:0.000} s, {least / leastHere:0.00} times");
            }
        }
    }

    private static void RunCluster(string folder)
    {
        using var worker = Start(folder, "actorhutch-worker", "--seed-nodes", $"127.0.0.1:{Port}", "--until-job-done", "--threads", "1");
        Run(folder, "actorhutch", "estimate", "--cluster", "--listen", $"127.0.0.1:{Port}", "--min-workers", "1", "--quiet");
        worker.WaitForExit();
    }

    private static void Run(string folder, string program, params string[] arguments)
    {
        using var process = Start(folder, program, arguments);
        process.WaitForExit();
        if (process.ExitCode != 0)
            throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture, $"{folder}/{program} ended with exit code {process.ExitCode}."));
    }

    private static Process Start(string folder, string program, params string[] arguments)
    {
        // What they say goes nowhere: nothing of it is waited for.
        var start = new ProcessStartInfo(Path.Combine(folder, program), arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        var process = Process.Start(start) ?? throw new InvalidOperationException($"{program} could not be started.");
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }

    private static double Median(double[] values) => values.Order().ElementAt(values.Length / 2);
}
