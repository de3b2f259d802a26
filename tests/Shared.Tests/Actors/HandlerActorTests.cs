using ActorHutch.Shared.Actors;
using Akka.Actor;

namespace ActorHutch.Shared.Tests.Actors;

public sealed class HandlerActorTests : IDisposable
{
    private readonly ActorSystem _system = ActorSystem.Create("handlers");
    private readonly IActorRef _actor;

    public HandlerActorTests() => _actor = _system.ActorOf(Props.Create(() => new Counter()));

    public void Dispose() => _system.Dispose();

    [Theory]
    [InlineData(3, "small")]
    [InlineData(30, "number")]
    [InlineData("x", "text")]
    [InlineData(2.5, "else")]
    public async Task The_first_handler_that_takes_a_message_is_the_only_one(object message, string expected) =>
        Assert.Equal(expected, await AskAsync(message));

    [Fact]
    public async Task What_it_becomes_takes_the_place_of_all_that_it_was()
    {
        Assert.Equal("changed", await AskAsync('c'));

        Assert.Equal("a number after the change", await AskAsync(3));
        await Assert.ThrowsAsync<AskTimeoutException>(() => _actor.Ask<string>("x", TimeSpan.FromSeconds(0.3)));
        Assert.Equal("unhandled: x", await AskAsync(new Unhandled()));
    }

    private Task<string> AskAsync(object message) => _actor.Ask<string>(message, TimeSpan.FromSeconds(30));

    private sealed record Unhandled;

    private sealed class Counter : HandlerActor
    {
        private object? _unhandled;

        public Counter()
        {
            Receive<int>(number => number < 10, _ => Sender.Tell("small"));
            Receive<int>(_ => Sender.Tell("number"));
            Receive<string>(_ => Sender.Tell("text"));
            Receive<char>(_ =>
            {
                Become(Changed);
                Sender.Tell("changed");
            });
            ReceiveAny(_ => Sender.Tell("else"));
        }

        protected override void Unhandled(object message) => _unhandled = message;

        private void Changed()
        {
            Receive<int>(_ => Sender.Tell("a number after the change"));
            Receive<Unhandled>(_ => Sender.Tell($"unhandled: {_unhandled}"));
        }
    }
}
