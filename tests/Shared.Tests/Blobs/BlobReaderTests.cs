using System.Security.Cryptography;
using ActorHutch.Curvature.Operators;
using ActorHutch.Shared.Blobs;
using ActorHutch.Shared.Jobs;
using ActorHutch.Shared.Wire;
using Akka.Actor;

namespace ActorHutch.Shared.Tests.Blobs;

/// <summary>Blobs between two actor systems over TCP, into memory.</summary>
public class BlobReaderTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(BlobActor.PieceBytes)]
    [InlineData(40 * BlobActor.PieceBytes + 5)]
    public async Task A_blob_arrives_as_it_was(int bytes)
    {
        await using var hosts = new Hosts();
        byte[] content = RandomNumberGenerator.GetBytes(bytes);
        int pieces = 0;

        byte[] read = await BlobReader.ReadAsync(hosts.Remote, hosts.Store.Add(content), bytes, hosts.Materializer, () => pieces++, TestContext.Current.CancellationToken);

        Assert.Equal(content, read);
        Assert.Equal(1 + (bytes - 1) / BlobActor.PieceBytes, pieces);
    }

    [Fact]
    public async Task Values_arrive_bit_for_bit()
    {
        await using var hosts = new Hosts();
        double[] numbers = [0, -0.0, double.Epsilon, -1e308, Math.PI, double.NaN, .. Enumerable.Range(0, 99_994).Select(i => 1.0 / i)];
        var values = new ProbeValues(6, 50_000, numbers) { Weight = 0.3 };

        var read = await BlobValues.FetchAsync(
            hosts.Remote, hosts.Store.Add(BlobValues.Write(values)), numbers.Length, hosts.Materializer, () => { }, TestContext.Current.CancellationToken);

        Assert.Equal((6, 50_000, 2, 0.3, values.Digest), (read.FirstProbe, read.Columns, read.Count, read.Weight, read.Digest));
    }

    [Fact]
    public async Task Bytes_that_hold_no_values_are_none()
    {
        await using var hosts = new Hosts();

        var error = await Assert.ThrowsAsync<BlobException>(() => BlobValues.FetchAsync(
            hosts.Remote, hosts.Store.Add("no values at all"u8.ToArray()), 100, hosts.Materializer, () => { }, TestContext.Current.CancellationToken));

        Assert.Contains("holds no values", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_sender_that_breaks_off_is_asked_again()
    {
        await using var hosts = new Hosts();
        byte[] content = RandomNumberGenerator.GetBytes(1_000_000);
        int opened = 0;
        var blob = hosts.Store.Add(BlobId.Of(content), content.Length, () => new MemoryStream(++opened < 2 ? content[..500_000] : content));

        Assert.Equal(content, await Read(hosts, blob));
        Assert.Equal(2, opened);
    }

    [Fact]
    public async Task Bytes_of_another_content_are_not_taken()
    {
        await using var hosts = new Hosts();
        var blob = hosts.Store.Add(BlobId.Of("this"u8), 4, () => new MemoryStream([1, 2, 3, 4]));

        var error = await Assert.ThrowsAsync<BlobException>(() => Read(hosts, blob));

        Assert.Contains("in 3 attempts: 4 bytes of another content came.", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task More_bytes_than_were_named_are_not_taken()
    {
        await using var hosts = new Hosts();
        byte[] content = new byte[10 * BlobActor.PieceBytes];
        long given = 0;
        var blob = hosts.Store.Add(BlobId.Of(content), content.Length, () => new EndlessStream(bytes => given += bytes));

        var error = await Assert.ThrowsAsync<BlobException>(() => Read(hosts, blob));

        Assert.Contains("More than its 655,360 bytes came", error.Message, StringComparison.Ordinal);
        // Three attempts, each with what the two sides may have under way.
        Assert.InRange(given, 1, 3L * 200 * BlobActor.PieceBytes);
    }

    [Theory]
    [InlineData(101, 100)]
    [InlineData(long.MaxValue, 100)]
    [InlineData(long.MaxValue, long.MaxValue)]
    public async Task More_than_is_wanted_or_than_memory_holds_is_refused_before_anything_is_asked_for(long length, long most)
    {
        await using var hosts = new Hosts();

        var error = await Assert.ThrowsAsync<BlobException>(() => BlobReader.ReadAsync(
            ActorRefs.Nobody, new BlobReference(BlobId.Of("x"u8), length), most, hosts.Materializer, () => { }, TestContext.Current.CancellationToken));

        Assert.Contains("are accepted", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_blob_that_nobody_has_is_named_at_once()
    {
        await using var hosts = new Hosts();
        var blob = new BlobReference(BlobId.Of("nowhere"u8), 7);

        var error = await Assert.ThrowsAsync<BlobException>(() => Read(hosts, blob));

        Assert.Equal($"There is no blob {blob.Id} any more.", error.Message);
    }

    [Fact]
    public async Task Who_gives_up_is_rid_of_it_in_the_middle()
    {
        await using var hosts = new Hosts();
        using var cancellation = new CancellationTokenSource();
        var blob = hosts.Store.Add(BlobId.Of("endless"u8), 1L << 30, () => new EndlessStream(_ => cancellation.Cancel()));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => BlobReader.ReadAsync(hosts.Remote, blob, blob.Length, hosts.Materializer, () => { }, cancellation.Token));
    }

    [Fact]
    public async Task Who_gives_up_before_anybody_has_answered_is_rid_of_it_too()
    {
        await using var hosts = new Hosts();
        using var cancellation = new CancellationTokenSource();

        var reading = BlobReader.ReadAsync(ActorRefs.Nobody, new BlobReference(BlobId.Of("x"u8), 1), 1, hosts.Materializer, () => { }, cancellation.Token);
        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading);
    }

    [Fact]
    public async Task Whoever_gives_blobs_hears_when_they_are_given()
    {
        await using var hosts = new Hosts();
        var given = new TaskCompletionSource<BlobId>();
        var giver = hosts.Coordinator.ActorOf(BlobActor.Props(hosts.Store, id => given.TrySetResult(id)));
        var blob = hosts.Store.Add(RandomNumberGenerator.GetBytes(3 * BlobActor.PieceBytes));

        await BlobReader.ReadAsync(giver, blob, blob.Length, hosts.Materializer, () => { }, TestContext.Current.CancellationToken);

        Assert.Equal(blob.Id, await given.Task);
    }

    private static Task<byte[]> Read(Hosts hosts, BlobReference blob) =>
        BlobReader.ReadAsync(hosts.Remote, blob, blob.Length, hosts.Materializer, () => { }, TestContext.Current.CancellationToken);

    private sealed class EndlessStream(Action<int> onRead) : MemoryStream
    {
        public override int Read(Span<byte> buffer)
        {
            onRead(buffer.Length);
            return buffer.Length;
        }
    }
}
