using System.Runtime.Serialization;
using System.Security.Cryptography;
using Akka.Actor;
using Akka.Serialization;
using Google.Protobuf;
using Wire = ActorHutch.Coordinator.Journal.Format;

namespace ActorHutch.Coordinator.Journal;

/// <summary>
/// How events are written: as protobuf, with the SHA-256 of it before it, because the database does not notice a bit
/// that flipped on the disk.
/// </summary>
internal sealed class JournalSerializer(ExtendedActorSystem system) : SerializerWithStringManifest(system)
{
    /// <summary>Distinct from every other serializer's, and written into every journal.</summary>
    public const int Number = 4172;

    public override int Identifier => Number;

    public override string Manifest(object o) => o switch
    {
        JobOpened => "opened",
        ReplicaAgreed => "replica",
        ChunksAccepted => "chunks",
        JobEnded => "ended",
        _ => throw new ArgumentException($"{o.GetType().Name} is no event of the journal.", nameof(o)),
    };

    public override byte[] ToBinary(object obj)
    {
        var message = JournalFormat.Write((IJournalEvent)obj);
        byte[] bytes = new byte[SHA256.HashSizeInBytes + message.CalculateSize()];
        var content = bytes.AsSpan(SHA256.HashSizeInBytes);
        message.WriteTo(content);
        SHA256.HashData(content, bytes);
        return bytes;
    }

    public override object FromBinary(byte[] bytes, string manifest)
    {
        if (bytes.Length < SHA256.HashSizeInBytes) throw Damaged("is shorter");
        var content = bytes.AsSpan(SHA256.HashSizeInBytes);
        if (!SHA256.HashData(content).AsSpan().SequenceEqual(bytes.AsSpan(0, SHA256.HashSizeInBytes)))
            throw Damaged("has another checksum");

        return manifest switch
        {
            "opened" => JournalFormat.Read(Wire.Opened.Parser.ParseFrom(content)),
            "replica" => JournalFormat.Read(Wire.Replica.Parser.ParseFrom(content)),
            "chunks" => JournalFormat.Read(Wire.Chunks.Parser.ParseFrom(content)),
            "ended" => JournalFormat.Read(Wire.Ended.Parser.ParseFrom(content)),
            _ => throw new SerializationException(
                $"An event is of kind {manifest}: another version of the program wrote it."),
        };
    }

    private static SerializationException Damaged(string how) => new($"An event {how} than it was written with.");
}
