using System.Globalization;
using ActorHutch.Shared.Blobs;
using ActorHutch.Shared.Hosting;
using ActorHutch.Shared.Jobs;
using ActorHutch.Shared.Wire;
using Akka.Actor;
using Akka.Configuration;
using Akka.Streams;

namespace ActorHutch.Shared.Tests.Blobs;

/// <summary>Two actor systems that only a TCP connection joins, with the settings of the programs; a folder for each.</summary>
internal sealed class Hosts : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("actorhutch-").FullName;
    private readonly ActorSystem _coordinator = Start();
    private readonly ActorSystem _worker = Start();

    public Hosts()
    {
        Server = _coordinator.ActorOf(BlobActor.Props(Store), BlobActor.Name);
        var address = ((ExtendedActorSystem)_coordinator).Provider.DefaultAddress;
        Remote = _worker.ActorSelection(address + BlobActor.Path);
        Materializer = _worker.Materializer();
        Cache = new BlobCache(File("cache")) { MaxBlobBytes = 2L << 30, MaxBytes = 4L << 30 };
        Fetcher = new BlobFetcher(Cache, Materializer) { Pause = TimeSpan.FromMilliseconds(50) };
    }

    public BlobStore Store { get; } = new();

    /// <summary>The blobs' actor where it lives.</summary>
    public IActorRef Server { get; }

    /// <summary>The same as the worker sees it.</summary>
    public ActorSelection Remote { get; }

    public IMaterializer Materializer { get; }

    public BlobCache Cache { get; }

    public BlobFetcher Fetcher { get; }

    public ActorSystem Coordinator => _coordinator;

    public ActorSystem Worker => _worker;

    public string File(string name) => Path.Combine(_folder, name);

    /// <summary>A file of random bytes, written piece by piece.</summary>
    public BlobReference AddRandomFile(string name, long bytes)
    {
        var random = new Random(1);
        byte[] piece = new byte[1 << 20];
        using (var file = System.IO.File.Create(File(name)))
        {
            for (long left = bytes; left > 0; left -= piece.Length)
            {
                random.NextBytes(piece);
                file.Write(piece.AsSpan(0, (int)Math.Min(left, piece.Length)));
            }
        }

        return Store.AddFile(File(name));
    }

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(_coordinator.Terminate(), _worker.Terminate());
        Directory.Delete(_folder, recursive: true);
    }

    private static ActorSystem Start() => ActorSystem.Create(ActorHutchSystem.Name, ConfigurationFactory
        .ParseString(string.Create(CultureInfo.InvariantCulture, $$"""
            akka.actor.provider = remote
            akka.remote.dot-netty.tcp { hostname = "127.0.0.1", port = 0 }
            akka.stdout-loglevel = OFF
            akka.loglevel = OFF
            """))
        .WithFallback(WireConfiguration.Configuration)
        .WithFallback(ActorHutchSystem.Configuration));
}
