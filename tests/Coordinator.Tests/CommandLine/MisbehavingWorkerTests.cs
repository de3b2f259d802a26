using System.Text.Json;
using ActorHutch.Coordinator.Tests.Simulation;
using ActorHutch.Curvature.Operators;
using ActorHutch.Fakes;
using ActorHutch.GpuWorker.Replicas;
using Akka.Actor.Internal;

namespace ActorHutch.Coordinator.Tests.CommandLine;

/// <summary>A worker that misbehaves, beside two that do not: the job ends as if it were not there, and says which one it was.</summary>
public sealed class MisbehavingWorkerTests : IDisposable
{
    private const string Bad = "worker-2";
    private static readonly string[] Job = ["--json", "--probes", "400", "--v-batch", "10", "--workers"];
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    private readonly ManualResetEventSlim _struck = new();
    private readonly ManualResetEventSlim _over = new();

    [Theory]
    [InlineData(nameof(Conduct.WrongShape), "the result has another shape")]
    [InlineData(nameof(Conduct.NotFinite), "The quadratic form of probe ")]
    [InlineData(nameof(Conduct.HangsAtChunks), "it makes no progress")]
    [InlineData(nameof(Conduct.Refuses), "The loss differs from one evaluation to the next.")]
    [InlineData(nameof(Conduct.NoRoom), "No space left on device")]
    [InlineData(nameof(Conduct.FailsFast), "The device is gone.")]
    [InlineData(nameof(Conduct.FailsLate), "The device is gone.")]
    [InlineData(nameof(Conduct.FailsForGood), "The quadratic form of a probe is NaN.")]
    [InlineData(nameof(Conduct.LiesAboutItsKind), "its first values are not those of the other workers of its kind")]
    [InlineData(nameof(Conduct.OtherReplica), "its replica differs from the other workers'")]
    public async Task The_job_ends_with_the_right_bits_and_exit_code_0_and_the_report_names_it(string how, string problem)
    {
        var conduct = Enum.Parse<Conduct>(how);
        var alone = await Invocation.Of(Conducts.Replicas(Conduct.Good, () => false), [.. Job, "1"]);

        var run = await Invocation.Of(new Replicas(worker => Of(worker, conduct)), [.. Job, "3"]);
        _over.Set();

        Assert.Equal(0, run.Code);
        foreach (string figure in (string[])["trace", "standardError", "probes"])
            Assert.Equal(alone.Json.GetProperty(figure).GetRawText(), run.Json.GetProperty(figure).GetRawText());
        var problems = run.Json.GetProperty("workers").EnumerateArray().ToDictionary(
            worker => worker.GetProperty("id").GetString()!, worker => worker.GetProperty("problem").GetString());
        Assert.Equal(["worker-1", Bad, "worker-3"], problems.Keys.Order());
        Assert.Contains(problem, problems[Bad], StringComparison.Ordinal);
        Assert.All(problems.Where(worker => worker.Key != Bad), worker => Assert.Null(worker.Value));
        Assert.Contains(Bad, run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task NaN_that_several_workers_find_is_an_error_that_names_the_probe()
    {
        var run = await Invocation.Of(new Replicas(_ => Conducts.Replicas(Conduct.NotFinite, () => false)), [.. Job, "3"]);

        Assert.Equal(3, run.Code);
        // On a machine that does much else, the job may have begun with the one that was there; then it is asked twice. Or each
        // worker fails at several chunks before any chunk has failed on all of them: then it is set aside, until none is left.
        string others = run.Json.GetProperty("workers").GetArrayLength() > 1 ? @", worker-\d.*" : @" \(2 times\)";
        Assert.Matches(
            $@"^(Chunk \d+ \(probes \d+ to \d+\) failed on worker-\d{others}|1 worker is needed, and after waiting 5 s there are 0\.\n  worker-\d: it failed .*): "
            + @"The quadratic form of probe \d+, block first.weight is NaN\.",
            run.Json.GetProperty("error").GetString()!);
        Assert.Equal(JsonValueKind.Null, run.Json.GetProperty("trace").ValueKind);
    }

    [Fact]
    public async Task Two_workers_that_disagree_about_a_verified_chunk_are_named_and_the_exit_code_says_so()
    {
        var run = await Invocation.Of(
            new Replicas(worker => worker == Bad ? WrongOnceItIsWarm() : Conducts.Replicas(Conduct.Good, () => false)),
            [.. Job, "3", "--verify-fraction", "1"]);

        Assert.Equal(3, run.Code);
        Assert.NotEqual(0, run.Json.GetProperty("chunks").GetProperty("disagreements").GetInt64());
        Assert.Contains("Two workers found different values for the same probes", run.Error, StringComparison.Ordinal);
        Assert.Contains(Bad, run.Error, StringComparison.Ordinal);
    }

    public void Dispose()
    {
        _struck.Dispose();
        _over.Dispose();
    }

    private FakeReplicaFactory Of(string worker, Conduct conduct)
    {
        if (worker == Bad) return Conducts.Replicas(conduct, () => false, () => Strike(conduct));
        // A worker that comes to a chunk at all has one before the others have done them all.
        bool comesToChunks = conduct is not (Conduct.Refuses or Conduct.NoRoom or Conduct.LiesAboutItsKind or Conduct.OtherReplica);
        return Conducts.Replicas(Conduct.Good, () => false, () =>
        {
            if (comesToChunks && !_struck.Wait(Patience, CancellationToken.None)) throw new TimeoutException($"{Bad} has no chunk.");
        });
    }

    /// <summary>A device that is found to be what it says, and becomes faulty later.</summary>
    private static FakeReplicaFactory WrongOnceItIsWarm() => new()
    {
        Kind = "fake",
        BasisCount = 50,
        Rounding = Conducts.Rounding,
        Changed = values => values.Count == 1
            ? values
            : new ProbeValues(values.FirstProbe, values.Columns, [.. values.Values.ToArray().Select(Math.BitIncrement)]),
    };

    /// <summary>The bad worker begins a chunk.</summary>
    private void Strike(Conduct conduct)
    {
        _struck.Set();
        if (conduct == Conduct.FailsLate) Thread.Sleep(TimeSpan.FromSeconds(1));
        if (conduct == Conduct.HangsAtChunks) _over.Wait(Patience, CancellationToken.None);
    }

    /// <summary>Each worker's own, by the actor that asks for them.</summary>
    private sealed class Replicas(Func<string, FakeReplicaFactory> of) : IReplicaFactory
    {
        private readonly Lock _gate = new();
        private readonly Dictionary<string, FakeReplicaFactory> _byWorker = [];

        public int CudaDeviceCount => 0;

        public string KindOf(string device) => "fake";

        public IReplica Create(ReplicaKey key, ReplicaFiles files)
        {
            string worker = InternalCurrentActorCellKeeper.Current!.Self.Path.Parent.Name;
            FakeReplicaFactory own;
            lock (_gate)
            {
                if (!_byWorker.TryGetValue(worker, out own!)) _byWorker.Add(worker, own = of(worker));
            }

            return own.Create(key, files);
        }
    }
}
