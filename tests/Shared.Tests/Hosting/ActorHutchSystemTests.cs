using ActorHutch.Shared.Hosting;
using Akka.Actor;

namespace ActorHutch.Shared.Tests.Hosting;

public class ActorHutchSystemTests
{
    [Fact]
    public async Task An_actor_that_computes_has_one_thread_of_its_own()
    {
        using var system = ActorSystem.Create(ActorHutchSystem.Name, ActorHutchSystem.Configuration);
        var props = Props.Create(() => new ThreadTeller()).WithDispatcher(ActorHutchSystem.ComputeDispatcher);
        var (one, other) = (system.ActorOf(props), system.ActorOf(props));
        var cancellation = TestContext.Current.CancellationToken;

        var threads = new List<(int, int)>();
        for (int i = 0; i < 20; i++)
            threads.Add((await one.Ask<int>("", cancellation), await other.Ask<int>("", cancellation)));

        var (first, second) = Assert.Single(threads.Distinct());
        Assert.NotEqual(first, second);
    }

    [Fact]
    public void Akka_never_writes_to_standard_output()
    {
        using var system = ActorSystem.Create(ActorHutchSystem.Name, ActorHutchSystem.Configuration);

        Assert.IsType<StandardErrorLogger>(system.Settings.StdoutLogger);
    }

    private sealed class ThreadTeller : ReceiveActor
    {
        public ThreadTeller() => ReceiveAny(_ => Sender.Tell(Environment.CurrentManagedThreadId));
    }
}
