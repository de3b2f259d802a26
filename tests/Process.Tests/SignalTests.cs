using System.Globalization;
using ActorHutch.Process.Tests.Programs;

namespace ActorHutch.Process.Tests;

/// <summary>
/// SIGTERM at any moment, the first ones included: the exit code is the one that is promised. How far a start is, is
/// told by the number of assemblies that are loaded: the same seed gives the same moments on any machine.
/// </summary>
public sealed class SignalTests
{
    private const int Rounds = 6;

    [Theory]
    [InlineData("actorhutch", "--probes 1000000 --method autodiff --workers 1 --device cpu", 130)]
    [InlineData("actorhutch", "exact --method autodiff --probe-space parameter --workers 1 --device cpu", 130)]
    [InlineData("actorhutch", "compare --probes 1000000 --workers 1 --device cpu", 130)]
    [InlineData("actorhutch", "--cluster --listen 127.0.0.1:0", 130)]
    [InlineData("actorhutch-worker", "--seed-nodes 127.0.0.1:1 --device cpu", 0)]
    [InlineData("actorhutch-worker", "--seed-nodes 127.0.0.1:1 --device cpu --until-job-done", 130)]
    [InlineData("actorhutch", "worker --seed-nodes 127.0.0.1:1 --device cpu", 0)]
    [InlineData("actorhutch", "worker --seed-nodes 127.0.0.1:1 --device cpu --until-job-done", 130)]
    public async Task A_signal_while_the_program_starts_gives_the_promised_code(string program, string arguments, int promised)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "There is no /proc, which tells how far a process is.");
        var random = new Random(arguments.Length);
        for (int round = 0; round < Rounds; round++)
        {
            // Half of them at the very start.
            int moment = random.Next(round % 2 == 0 ? 16 : StartUp.MostAssemblies);
            await using var run = ProgramRun.Start(program, null, arguments.Split(' '));
            var loaded = run.Loads(moment);
            run.Signal(15);

            int code = await run.ExitAsync();
            Assert.True(
                StartUp.IsPromised(code, promised, loaded),
                string.Create(CultureInfo.InvariantCulture, $"Exit code {code} after {string.Join(", ", loaded)}.\n{run}"));
        }
    }

    [Fact]
    public async Task A_signal_that_comes_twice_at_once_is_one()
    {
        string[] arguments = ["--probes", "1000000", "--method", "autodiff", "--workers", "1", "--device", "cpu", "--log-level", "information"];
        await using var twice = ProgramRun.Start("actorhutch", null, arguments);
        await twice.LogsAsync("begins");

        twice.Signal(15);
        twice.Signal(2);
        twice.Signal(15);

        Assert.Equal(130, await twice.ExitAsync());
        Assert.Contains("interrupted after", twice.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_signal_while_libtorch_computes_does_not_end_in_a_crash()
    {
        using var files = Endless();
        await using var run = Computing(files);
        // More than the program's start takes, and less than the model does.
        await run.ComputesAsync(TimeSpan.FromSeconds(5));

        run.Signal(15);

        Assert.Equal(130, await run.ExitAsync());
        Assert.Equal("Interrupted before anything was computed.", run.Output.Trim());
    }

    [Fact]
    public async Task Another_signal_later_ends_the_process_at_once()
    {
        using var files = Endless();
        await using var run = Computing(files);
        await run.ComputesAsync(TimeSpan.FromSeconds(5));

        run.Signal(15);
        // It waits for its workers five times as long as it takes two signals for one.
        await Task.Delay(TimeSpan.FromSeconds(1.5), TestContext.Current.CancellationToken);
        run.Signal(15);

        Assert.Equal(StartUp.Terminated, await run.ExitAsync());
    }

    /// <summary>A model that no computation comes to the end of, and data for it.</summary>
    private static Fakes.ModelFiles Endless()
    {
        var files = new Fakes.ModelFiles();
        PythonWithTorch.RunOrSkip(files.Folder, """
            import torch
            class Endless(torch.nn.Module):
                def __init__(self):
                    super().__init__()
                    self.layer = torch.nn.Linear(6, 3)
                    self.register_buffer('w', torch.eye(512))
                def forward(self, x):
                    h = self.w
                    with torch.no_grad():
                        for i in range(1000000000):
                            h = torch.mm(h, self.w)
                    return self.layer(x) + 0 * h.sum()
            torch.jit.save(torch.jit.script(Endless()), 'model.pt')
            """);
        return files;
    }

    private static ProgramRun Computing(Fakes.ModelFiles files) => ProgramRun.Start(
        "actorhutch", null, "--model", files.PathOf("model.pt"), "--data", files.PathOf("data.safetensors"), "--workers", "2", "--device", "cpu");
}
