using System.Globalization;
using ActorHutch.Process.Tests.Programs;
using ActorHutch.Tls;

namespace ActorHutch.Process.Tests.Chaos;

/// <summary>A job whose processes are struck as a plan says, and started again by whoever watches over them.</summary>
internal sealed class ChaosRound : IAsyncDisposable
{
    /// <summary>Nothing comes near it, but on a machine that does much else.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    /// <summary>A round is mostly processes that start, and a quarter of what that takes is for later.</summary>
    private static readonly Dictionary<string, string> Environment = new() { ["DOTNET_TieredPGO"] = "0" };

    private readonly ChaosPlan _plan;
    private readonly Certificates _certificates = new();
    private readonly string _folder = Directory.CreateTempSubdirectory("actorhutch-chaos-").FullName;
    private readonly string _address = TestCluster.Loopback(TestCluster.FreePort());
    private readonly string[] _tls;
    private readonly List<ProgramRun> _all = [];
    private readonly List<ProgramRun> _workers = [];
    private ProgramRun? _coordinator;

    public ChaosRound(ChaosPlan plan)
    {
        _plan = plan;
        var files = _certificates.Good();
        _tls = plan.Tls ? ["--tls-cert", files.Certificate!, "--tls-key", files.Key!, "--tls-ca", files.Authority!] : [];
    }

    /// <summary>How many processes there were.</summary>
    public int Processes => _all.Count;

    /// <summary>Runs the round; returns the report of the coordinator that came to the job's end.</summary>
    public async Task<JobReport> RunAsync()
    {
        try
        {
            _coordinator = await StartCoordinatorAsync(_plan.Coordinator);
            for (int worker = 0; worker < _plan.Workers.Count; worker++)
                _workers.Add(await StartWorkerAsync($"w{worker}", _plan.Workers[worker]));
            foreach (var step in _plan.Steps)
            {
                if (!await _coordinator.LogsOrEndsAsync("is done by worker", step.Chunks, Patience)) break;
                await StrikeAsync(step);
            }

            Assert.Equal(0, await _coordinator.ExitAsync(Patience));
            return JobReport.Of(_coordinator);
        }
        catch (Exception error)
        {
            string logs = string.Concat(_all.Select(run => $"\n\n== {run.Name}\n{run}"));
            throw new Xunit.Sdk.XunitException($"{_plan}\n{error.Message}{logs}", error);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var run in _all) await run.DisposeAsync();
        _certificates.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task StrikeAsync(ChaosStep step)
    {
        var target = step.Worker is { } number ? _workers[number] : _coordinator!;
        if (step.Blow == Blow.Pause)
        {
            if (!target.TrySignal(19)) return;
            await Task.Delay(step.Pause, TestContext.Current.CancellationToken);
            target.TrySignal(18);
            return;
        }

        // A coordinator may have come to its end a moment before, with its job done; a worker may be starting still.
        bool coordinator = step.Worker is null;
        var loaded = target.Loaded();
        if (!target.TrySignal(SignalOf(step.Blow))) return;
        int code = await target.ExitAsync(Patience);
        if (coordinator && code == 0) return;
        AssertEnded(target, code, step.Blow, coordinator ? 130 : 0, loaded);
        if (step.Worker is { } worker)
        {
            _workers[worker] = await StartWorkerAsync(string.Create(CultureInfo.InvariantCulture, $"w{worker}"), step.FalseStarts);
            return;
        }

        _coordinator = await StartCoordinatorAsync(step.FalseStarts);
        if (step.Help) await StartWorkerAsync(string.Create(CultureInfo.InvariantCulture, $"help{_all.Count}"), []);
    }

    private async Task<ProgramRun> StartCoordinatorAsync(IReadOnlyList<FalseStart> falseStarts)
    {
        string verify = _plan.VerifyFraction.ToString(CultureInfo.InvariantCulture);
        string[] state = _plan.State ? ["--state", Path.Combine(_folder, "state")] : [];
        string[] arguments =
        [
            .. ChaosJob.Arguments, "--cluster", "--listen", _address, "--join-timeout", "300", "--log-level", "debug",
            "--verify-fraction", verify, .. state, .. _tls,
        ];
        foreach (var start in falseStarts) await FalseStartAsync("actorhutch", start, 130, arguments);
        return Keep(ProgramRun.StartWith("actorhutch", Environment, arguments));
    }

    private async Task<ProgramRun> StartWorkerAsync(string id, IReadOnlyList<FalseStart> falseStarts)
    {
        string[] arguments = ["--seed-nodes", _address, "--device", "cpu", "--id", id, .. _tls];
        foreach (var start in falseStarts) await FalseStartAsync("actorhutch-worker", start, 0, arguments);
        return Keep(ProgramRun.StartWith("actorhutch-worker", Environment, arguments));
    }

    private async Task FalseStartAsync(string program, FalseStart start, int promised, string[] arguments)
    {
        var run = Keep(ProgramRun.StartWith(program, Environment, arguments));
        var loaded = run.Loads(start.Assemblies);
        // A job that was done before is found to be, and ends at once.
        if (!run.TrySignal(SignalOf(start.Blow))) return;
        int code = await run.ExitAsync(Patience);
        if (code != 0) AssertEnded(run, code, start.Blow, promised, loaded);
    }

    private static void AssertEnded(ProgramRun run, int code, Blow blow, int promised, IReadOnlySet<string> loaded) => Assert.True(
        blow == Blow.Kill ? code == 137 : StartUp.IsPromised(code, promised, loaded),
        string.Create(CultureInfo.InvariantCulture, $"Exit code {code} of {run.Name}, {blow} after {string.Join(", ", loaded)}."));

    private ProgramRun Keep(ProgramRun run)
    {
        _all.Add(run);
        return run;
    }

    private static int SignalOf(Blow blow) => blow == Blow.Kill ? 9 : 15;
}
