using ActorHutch.Curvature.Operators;
using ActorHutch.Shared.Messages;
using ActorHutch.Shared.Wire;
using Akka.Actor;
using Akka.Cluster;
using Akka.Streams;
using Akka.Streams.Dsl;

namespace ActorHutch.Shared.Tests.Security;

/// <summary>What processes of one cluster do with each other goes through the real settings, with TLS and without.</summary>
public sealed class PeersTests : IDisposable
{
    private readonly Certificates _certificates = new();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Messages_arrive_over_the_scheme_that_was_asked_for(bool secure)
    {
        await using var one = Start(secure);
        await using var two = Start(secure);
        var done = new ChunkDone(
            Guid.NewGuid(), 3, 1, new ProbeValues(9, 1, [.. Enumerable.Repeat(Math.E, WireFrame.MaxValues)]), 1, 2);

        await one.IsServedBy(two);
        one.CoordinatorOf(two).Tell(done);

        Assert.Equal(secure ? "akka.ssl.tcp" : "akka.tcp", two.Address.Protocol);
        Assert.IsType<RegisterWorker>(await two.Received.Reader.ReadAsync());
        var received = Assert.IsType<ChunkDone>(await two.Received.Reader.ReadAsync().AsTask().WaitAsync(Node.Patience));
        Assert.Equal(done.Values.Values, received.Values.Values);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_cluster_forms_and_the_death_of_an_actor_is_noticed(bool secure)
    {
        await using var one = Start(secure, "cluster");
        await using var two = Start(secure, "cluster");
        var up = new TaskCompletionSource();
        Cluster.Get(two.System).RegisterOnMemberUp(up.SetResult);

        Cluster.Get(one.System).Join(one.Address);
        Cluster.Get(two.System).Join(one.Address);
        await up.Task.WaitAsync(Node.Patience);
        var coordinator = await one.CoordinatorOf(two).ResolveOne(Node.Patience);
        var gone = coordinator.WatchAsync();
        await one.IsServedBy(two);
        two.System.Stop(two.Coordinator);

        Assert.True(await gone.WaitAsync(Node.Patience));
        Assert.DoesNotContain(one.Log.Warnings.Concat(two.Log.Warnings), line => line.Contains("erializ", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_stream_reference_delivers_its_bytes(bool secure)
    {
        await using var one = Start(secure);
        await using var two = Start(secure);
        using var materializer = one.System.Materializer();

        var source = await one.CoordinatorOf(two).Ask<ISourceRef<byte[]>>(Node.StreamRequest, Node.Patience);
        var pieces = await source.Source.RunWith(Sink.Seq<byte[]>(), materializer).WaitAsync(Node.Patience);

        Assert.Equal(Node.StreamPieces.Length, pieces.Count);
        Assert.All(pieces.Zip(Node.StreamPieces), pair => Assert.Equal(pair.Second, pair.First));
        Assert.Empty(one.Log.Warnings.Concat(two.Log.Warnings));
    }

    public void Dispose() => _certificates.Dispose();

    private Node Start(bool secure, string provider = "remote") =>
        Node.Start(secure ? _certificates.Good() : null, provider);
}
