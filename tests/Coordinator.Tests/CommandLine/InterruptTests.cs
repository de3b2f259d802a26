using ActorHutch.Fakes;

namespace ActorHutch.Coordinator.Tests.CommandLine;

/// <summary>Ctrl-C: exit code 130 and what was computed so far.</summary>
public class InterruptTests
{
    /// <summary>The probe at which the computation hangs until it is cancelled.</summary>
    private const long Hang = 200;

    /// <summary>How many probes are done by then: all before it, but for a chunk of ten whose result may be on its way.</summary>
    private const string Done = "(190|200)";

    [Fact]
    public async Task The_document_has_what_was_computed_and_says_that_it_is_not_all()
    {
        var run = await Interrupted("--json", "--workers", "1");

        Assert.Equal(130, run.Code);
        Assert.Equal("", run.Error);
        Assert.True(run.Json.GetProperty("interrupted").GetBoolean());
        Assert.Equal("interrupted", run.Json.GetProperty("stopReason").GetString());
        Assert.Matches($"^{Done}$", run.Json.GetProperty("probes").GetRawText());
        Assert.InRange(run.Json.GetProperty("trace").GetDouble(), 11.5, 12.5);
        Assert.Equal(1000, run.Json.GetProperty("job").GetProperty("probes").GetInt64());
    }

    [Fact]
    public async Task People_see_it_too()
    {
        var run = await Interrupted("--workers", "1");

        Assert.Equal(130, run.Code);
        Assert.Matches($"interrupted after {Done} of 1,000 probes", run.Out);
        Assert.Matches(@"trace +1[12]\.\d+ ±", run.Out);
        Assert.EndsWith("Nothing was kept: with --state DIR, the same command continues after an interruption.\n", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task With_a_state_directory_the_same_command_goes_on()
    {
        using var folder = new TemporaryFolder();
        string state = folder.File("state");

        var run = await Interrupted("--workers", "1", "--state", state);

        Assert.Equal(130, run.Code);
        Assert.EndsWith($"Run the same command again to continue from {state}.\n", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_comparison_shows_the_contenders_that_ran()
    {
        var run = await Interrupted("compare", "--json", "--workers", "1");

        Assert.Equal(130, run.Code);
        Assert.True(run.Json.GetProperty("interrupted").GetBoolean());
        var row = Assert.Single(run.Json.GetProperty("rows").EnumerateArray());
        Assert.Matches($"^interrupted after {Done} probes$", row.GetProperty("error").GetString());
    }

    [Fact]
    public async Task An_exact_trace_has_nothing_to_show_for_a_part_of_it()
    {
        var run = await Interrupted("exact", "--json", "--workers", "1");

        Assert.Equal(130, run.Code);
        Assert.Equal(System.Text.Json.JsonValueKind.Null, run.Json.GetProperty("trace").ValueKind);
        Assert.True(run.Json.GetProperty("interrupted").GetBoolean());
    }

    [Fact]
    public async Task Before_the_first_chunk_there_is_nothing_to_show()
    {
        var run = await Invocation.Of(new FakeReplicaFactory(), [], new CancellationToken(canceled: true));

        Assert.Equal((130, "Interrupted before anything was computed."), (run.Code, run.Out.Trim()));
    }

    private static async Task<Invocation> Interrupted(params string[] arguments)
    {
        using var interrupt = new CancellationTokenSource();
        var factory = new FakeReplicaFactory
        {
            BasisCount = arguments[0] == "exact" ? 1000 : 8,
            OnEvaluate = (first, _, cancellation) =>
            {
                if (first < Hang) return;
                interrupt.Cancel();
                cancellation.WaitHandle.WaitOne();
                cancellation.ThrowIfCancellationRequested();
            },
        };
        return await Invocation.Of(factory, arguments, interrupt.Token);
    }
}
