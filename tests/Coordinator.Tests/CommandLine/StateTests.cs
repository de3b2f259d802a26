using System.Collections.Concurrent;
using ActorHutch.Coordinator.JobFiles;
using ActorHutch.Coordinator.Journal;
using ActorHutch.Fakes;
using ActorHutch.Shared.Jobs;

namespace ActorHutch.Coordinator.Tests.CommandLine;

/// <summary><c>--state</c>.</summary>
public sealed class StateTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string State => _folder.File("state");

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("--probes 500 --v-batch 10")]
    [InlineData("--relative-error 0.001 --v-batch 7 --workers 3")]
    [InlineData("exact --v-batch 2")]
    public async Task A_finished_job_prints_the_same_report_without_computing(string line)
    {
        string[] arguments = [.. line.Split(' '), "--state", State];
        var first = await Invocation.Of([.. arguments, "--json"]);
        var factory = new FakeReplicaFactory { OnEvaluate = (_, _, _) => throw new InvalidOperationException("Computed.") };

        var again = await Invocation.Of(factory, [.. arguments, "--json"]);

        Assert.Equal((0, 0), (first.Code, again.Code));
        // But for when it ran.
        Assert.Equal(Times.Without(first.Json), Times.Without(again.Json));
        Assert.Matches(@"^[\d,]+ of (at most )?[\d,]+ chunks were in the state directory.\n", again.Error);
        Assert.Contains("block", (await Invocation.Of(factory, arguments)).Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_was_accepted_before_an_interruption_is_kept()
    {
        string[] line = ["--json", "--probes", "500", "--v-batch", "10", "--workers", "1", "--state", State];
        using var interrupt = new CancellationTokenSource();
        var interrupted = await Invocation.Of(
            new FakeReplicaFactory
            {
                OnEvaluate = (first, _, cancellation) =>
                {
                    if (first < 250) return;
                    interrupt.Cancel();
                    cancellation.WaitHandle.WaitOne();
                    cancellation.ThrowIfCancellationRequested();
                },
            },
            line, interrupt.Token);
        Assert.Equal((130, 250L), (interrupted.Code, interrupted.Json.GetProperty("probes").GetInt64()));

        var computed = new ConcurrentBag<long>();
        var resumed = await Invocation.Of(new FakeReplicaFactory { OnEvaluate = (first, _, _) => computed.Add(first) }, line);

        Assert.Equal((0, "25 of 50 chunks were in the state directory.\n"), (resumed.Code, resumed.Error));
        Assert.Equal(Enumerable.Range(25, 25).Select(chunk => chunk * 10L), computed.Where(first => first != 0).Order());
        var whole = await Invocation.Of(line[..^2]);
        foreach (var run in (Invocation[])[interrupted, resumed, whole]) Times.AddUp(run.Json);
        Assert.True(resumed.Json.GetProperty("run").GetProperty("earlierSeconds").GetDouble() > 0);
        foreach (string name in (string[])["trace", "standardError", "confidence", "blocks", "probes", "stopReason"])
            Assert.Equal(whole.Json.GetProperty(name).GetRawText(), resumed.Json.GetProperty(name).GetRawText());
    }

    [Fact]
    public async Task Another_job_is_refused()
    {
        await Invocation.Of("--seed", "5", "--state", State);

        var run = await Invocation.Of("--seed", "6", "--state", State, "--json");

        Assert.Equal((2, ""), (run.Code, run.Out));
        Assert.StartsWith($"--state {State}: it is another job's: seed is 5 there and 6 here.", run.Error, StringComparison.Ordinal);
        Assert.Equal(0, (await Invocation.Of("--job", Path.Combine(State, "job.json"), "--state", State)).Code);
    }

    [Fact]
    public async Task A_finished_job_is_extended()
    {
        string[] line = ["--json", "--v-batch", "10", "--state", State];
        await Invocation.Of([.. line, "--probes", "500"]);

        var extended = await Invocation.Of([.. line, "--probes", "900"]);

        Assert.Equal(0, extended.Code);
        Assert.StartsWith("50 of 90 chunks were in the state directory.\n", extended.Error, StringComparison.Ordinal);
        var single = await Invocation.Of("--json", "--v-batch", "10", "--probes", "900");
        foreach (string name in (string[])["trace", "standardError", "confidence", "blocks", "probes", "stopReason"])
            Assert.Equal(single.Json.GetProperty(name).GetRawText(), extended.Json.GetProperty(name).GetRawText());
        Times.AddUp(extended.Json);
        var again = await Invocation.Of("--job", Path.Combine(State, "job.json"), "--state", State, "--json");
        Assert.Equal(Times.Without(extended.Json), Times.Without(again.Json));
    }

    [Fact]
    public async Task A_directory_in_use_is_refused()
    {
        using var user = StateDirectory.Open(State, new JobDocument(new JobSpec(), new ExecutionSettings()));

        var run = await Invocation.Of("--state", State);

        Assert.Equal((2, ""), (run.Code, run.Out));
        Assert.StartsWith($"--state {State}: another process is using it.", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_number_of_workers_may_change_between_runs()
    {
        var run = await Invocation.Of("--json", "--workers", "1", "--state", State);
        var again = await Invocation.Of("--json", "--workers", "3", "--state", State);

        Assert.Equal(run.Json.GetProperty("trace").GetRawText(), again.Json.GetProperty("trace").GetRawText());
    }
}
