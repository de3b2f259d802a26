using ActorHutch.Curvature;
using ActorHutch.Curvature.Probes;
using ActorHutch.Fakes;

namespace ActorHutch.Coordinator.Tests.CommandLine;

public class ExactTests
{
    [Fact]
    public async Task The_exact_trace_is_the_sum_over_all_basis_vectors()
    {
        var run = await Invocation.Of(new FakeReplicaFactory { BasisCount = 333 }, ["exact", "--json", "--v-batch", "10"]);

        Assert.Equal(0, run.Code);
        Assert.Equal("exact", run.Json.GetProperty("kind").GetString());
        Assert.Equal(FakeQuadraticForm.Trace, run.Json.GetProperty("trace").GetDouble(), 1e-12);
        Assert.Equal(0, run.Json.GetProperty("standardError").GetDouble());
        Assert.Equal(333, run.Json.GetProperty("probes").GetInt64());
        Assert.Equal("basis", run.Json.GetProperty("distribution").GetString());
        Assert.Equal(34, run.Json.GetProperty("chunks").GetProperty("completed").GetInt64());
    }

    [Fact]
    public async Task Workers_choose_the_space_once_and_the_report_says_which()
    {
        var asked = new List<ProbeSpace?>();
        var factory = new FakeReplicaFactory { OnForm = options => asked.Add(options.ProbeSpace) };

        var run = await Invocation.Of(factory, ["exact", "--json", "--workers", "1", "--rounding-probes", "0"]);

        Assert.Equal(0, run.Code);
        Assert.Equal([null], asked);
        Assert.Equal("output", run.Json.GetProperty("probeSpace").GetString());
    }

    [Fact]
    public async Task A_probe_space_that_is_asked_for_is_the_only_one_tried()
    {
        var factory = new FakeReplicaFactory { OnForm = _ => throw new CurvatureException("No rule for this layer.") };

        var run = await Invocation.Of(factory, ["exact", "--probe-space", "output"]);

        Assert.Equal((2, "No rule for this layer."), (run.Code, run.Error.TrimEnd()));
    }

    [Fact]
    public async Task People_see_the_trace_and_its_blocks()
    {
        var run = await Invocation.Of("exact");

        Assert.Matches(@"trace +12\.0+ +\(exact\)", run.Out);
        Assert.Matches(@"second.weight +2\.0+", run.Out);
    }
}
