using System.Text.Json;
using ActorHutch.Coordinator.CommandLine;
using ActorHutch.Fakes;
using ActorHutch.GpuWorker.Replicas;

namespace ActorHutch.Coordinator.Tests.CommandLine;

/// <summary>The program, run in this process on writers of its own.</summary>
internal sealed record Invocation(int Code, string Out, string Error)
{
    /// <summary>Standard output as the one JSON document that it must be.</summary>
    public JsonElement Json => JsonDocument.Parse(Out).RootElement;

    public IReadOnlyList<string> ErrorLines => Error.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    public static Task<Invocation> Of(params string[] arguments) => Of(new FakeReplicaFactory(), arguments);

    public static async Task<Invocation> Of(
        IReplicaFactory replicas, string[] arguments, CancellationToken? interrupt = null)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        int code = await new ActorHutchCommand(new Terminal(output, error), replicas)
            .RunAsync(arguments, interrupt ?? TestContext.Current.CancellationToken);
        return new Invocation(code, output.ToString(), error.ToString());
    }
}
