using System.Security.Cryptography;
using ActorHutch.Curvature.Data.Bytes;
using ActorHutch.Shared.Blobs;
using ActorHutch.Shared.Jobs;
using Akka.Actor;

namespace ActorHutch.Shared.Tests.Blobs;

/// <summary>Nothing else runs beside it: whether heartbeats are in time is what is tested.</summary>
[CollectionDefinition(nameof(LargeBlobTests), DisableParallelization = true)]
public class LargeBlobsAlone;

/// <summary>A large blob beside other traffic, in bounded memory.</summary>
[Collection(nameof(LargeBlobTests))]
public class LargeBlobTests
{
    [Fact]
    public Task Sixty_four_megabytes_disturb_nobody() => Travel(64L << 20, WholeAsync);

    [Fact]
    public Task Sixty_four_megabytes_in_segments_disturb_nobody() => Travel(64L << 20, InSegmentsAsync);

    /// <summary>
    /// Not in every run, since on a machine whose cores are taken heartbeats are late whatever travels:
    /// <c>-trait Size=Large</c> runs it, and <c>-explicit on</c> lets it.
    /// </summary>
    [Fact(Explicit = true)]
    [Trait("Size", "Large")]
    public Task A_gigabyte_disturbs_nobody() => Travel(1L << 30, WholeAsync);

    private static async Task<byte[]> WholeAsync(Hosts hosts, BlobReference blob)
    {
        using var fetched = await hosts.Fetcher.FetchAsync(hosts.Remote, blob);
        using var stream = File.OpenRead(fetched.Path);
        return await SHA256.HashDataAsync(stream);
    }

    private static async Task<byte[]> InSegmentsAsync(Hosts hosts, BlobReference blob)
    {
        using var offered = HashedFile.Open(hosts.Store.FileOf(blob.Id)!.Path, withSegments: true);
        var list = hosts.Store.AddSegments(offered)!;
        using var file = await hosts.Fetcher.FetchSegmentsAsync(
            () => new BlobSource(hosts.Remote, CancellationToken.None), "data", blob, list.Id);
        using var stream = file.OpenRead();
        return await Task.Run(() => SHA256.HashData(stream));
    }

    private static async Task Travel(long bytes, Func<Hosts, BlobReference, Task<byte[]>> hashOfFetched)
    {
        await using var hosts = new Hosts();
        var blob = hosts.AddRandomFile("blob", bytes);
        var address = ((ExtendedActorSystem)hosts.Coordinator).Provider.DefaultAddress;
        var watcher = hosts.Worker.ActorOf(Props.Create(() => new Watcher(hosts.Server, address + BlobActor.Path)));
        Assert.True(await watcher.Ask<bool>("watching?"));
        long before = GC.GetTotalMemory(forceFullCollection: true), peak = 0;
        int answered = 0;

        var fetch = hashOfFetched(hosts, blob);
        while (!fetch.IsCompleted)
        {
            // Small messages share the line with the blob. An unknown name is answered by a message as small.
            var other = BlobId.Of(BitConverter.GetBytes(answered));
            Assert.Equal(new BlobUnknown(other), await hosts.Remote.Ask<BlobUnknown>(new RequestBlob(other), TimeSpan.FromSeconds(30)));
            if (answered++ % 100 == 0) peak = Math.Max(peak, GC.GetTotalMemory(forceFullCollection: true) - before);
        }

        Assert.Equal(blob.Id.ToString(), Convert.ToHexStringLower(await fetch));
        Assert.True(answered > 0);
        Assert.InRange(peak, 0, 32L << 20);
        // The failure detector of the death watch heard from the other side all the time.
        Assert.True(await watcher.Ask<bool>("watching?"));
    }

    /// <summary>Watches an actor of the other side, and says whether it is still there.</summary>
    private sealed class Watcher : ReceiveActor
    {
        private bool _there;

        public Watcher(IActorRef local, string remote)
        {
            IActorRef? asker = null;
            Context.ActorSelection(remote).Tell(new Identify(local.Path.Name));
            Receive<ActorIdentity>(identity =>
            {
                Context.Watch(identity.Subject);
                _there = true;
                asker?.Tell(true);
            });
            Receive<Terminated>(_ => _there = false);
            Receive<string>(_ => _there, _ => Sender.Tell(true));
            Receive<string>(_ =>
            {
                if (asker is null) asker = Sender;
                else Sender.Tell(false);
            });
        }
    }
}
