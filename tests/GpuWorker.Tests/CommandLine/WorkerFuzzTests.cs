using ActorHutch.Fakes;
using ActorHutch.Fuzzing;
using ActorHutch.GpuWorker.CommandLine;
using ActorHutch.GpuWorker.Running;
using ActorHutch.Shared.CommandLine;

namespace ActorHutch.GpuWorker.Tests.CommandLine;

/// <summary>Thousands of command lines of a worker: each is understood, or refused in words.</summary>
public sealed class WorkerFuzzTests
{
    private const int Rounds = 3000;

    [Fact]
    public void Command_lines()
    {
        var random = new Random(13);
        var command = new WorkerCommand(new FakeReplicaFactory(), TextWriter.Null, TextWriter.Null);
        var options = new OptionTable<WorkerRequest>(WorkerOptions.All).Of("actorhutch-worker");
        int accepted = 0;
        for (int round = 0; round < Rounds; round++)
        {
            string[] line =
            [
                "--seed-nodes", "a:1",
                .. Enumerable.Range(0, random.Next(1, 4)).SelectMany(_ => (string[])[options[random.Next(options.Count)].Name, Values.Option(random)]),
            ];
            string place = $"Round {round}, {string.Join(' ', line)}";
            WorkerRequest request;
            try
            {
                request = command.Read(command.Parse(line));
            }
            catch (Exception error)
            {
                throw new Xunit.Sdk.XunitException($"{place}: {error}");
            }

            Assert.All(request.Problems, problem => Assert.True(
                problem.Length > 0 && !problem.Contains("Exception", StringComparison.Ordinal) && !problem.Contains('\n', StringComparison.Ordinal), $"{place}: {problem}"));
            if (request.Problems.Count > 0) continue;
            accepted++;
            Assert.True(request.Cluster.JoinTimeout!.Value.TotalMilliseconds <= int.MaxValue, place);
            Assert.True(request.Settings is { ThreadsPerWorker: >= 1 and <= 1024, Workers: null or (>= 1 and <= 1024) }, place);
        }

        Assert.InRange(accepted, Rounds / 100, Rounds / 2);
    }
}
