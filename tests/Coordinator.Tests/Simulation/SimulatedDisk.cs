using ActorHutch.Coordinator.Journal;
using Akka.Actor;
using Akka.Persistence;

namespace ActorHutch.Coordinator.Tests.Simulation;

/// <summary>A disk with journals, in the form in which they are written; it survives whoever writes them.</summary>
internal sealed class SimulatedDisk : IExtension
{
    private readonly Dictionary<string, List<(string Manifest, byte[] Bytes)>> _journals = [];

    /// <summary>Whether the next write of an actor fails.</summary>
    public Func<ActorPath, bool> Fails { get; set; } = _ => false;

    /// <summary>Whether a write of an actor comes to anything: that of a dead process does not.</summary>
    public Func<ActorPath, bool> Reaches { get; set; } = _ => true;

    /// <summary>The disk of an actor system.</summary>
    public static SimulatedDisk Of(ActorSystem system) => system.WithExtension<SimulatedDisk, Provider>();

    /// <summary>Flips a bit somewhere; false where nothing is written.</summary>
    public bool Rot(Random random)
    {
        var events = _journals.Values.SelectMany(journal => journal).ToList();
        if (events.Count == 0) return false;
        byte[] bytes = events[random.Next(events.Count)].Bytes;
        bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
        return true;
    }

    private List<(string Manifest, byte[] Bytes)> JournalOf(string id)
    {
        if (!_journals.TryGetValue(id, out var journal)) _journals.Add(id, journal = []);
        return journal;
    }

    /// <summary>Speaks to Akka's persistent actors as its journals do, at once.</summary>
    internal sealed class JournalPlugin : ReceiveActor
    {
        private readonly JournalSerializer _serializer = new((ExtendedActorSystem)Context.System);

        public JournalPlugin()
        {
            var disk = Of(Context.System);
            Receive<WriteMessages>(write => OnWrite(disk, write));
            Receive<ReplayMessages>(replay => OnReplay(disk, replay));
        }

        private void OnWrite(SimulatedDisk disk, WriteMessages write)
        {
            if (!disk.Reaches(write.PersistentActor.Path)) return;
            var events = write.Messages.OfType<AtomicWrite>().SelectMany(atomic => (IEnumerable<IPersistentRepresentation>)atomic.Payload).ToList();
            if (disk.Fails(write.PersistentActor.Path))
            {
                var cause = new IOException("No space left on device");
                write.PersistentActor.Tell(new WriteMessagesFailed(cause, events.Count));
                foreach (var one in events) write.PersistentActor.Tell(new WriteMessageFailure(one, cause, write.ActorInstanceId));
                return;
            }

            foreach (var one in events)
            {
                var journal = disk.JournalOf(one.PersistenceId);
                Assert.Equal(journal.Count + 1, one.SequenceNr);
                journal.Add((_serializer.Manifest(one.Payload), _serializer.ToBinary(one.Payload)));
            }

            write.PersistentActor.Tell(WriteMessagesSuccessful.Instance);
            foreach (var one in events) write.PersistentActor.Tell(new WriteMessageSuccess(one, write.ActorInstanceId), one.Sender);
        }

        private void OnReplay(SimulatedDisk disk, ReplayMessages replay)
        {
            var journal = disk.JournalOf(replay.PersistenceId);
            try
            {
                for (int i = 0; i < journal.Count; i++)
                {
                    object read = _serializer.FromBinary(journal[i].Bytes, journal[i].Manifest);
                    replay.PersistentActor.Tell(new ReplayedMessage(new Persistent(read, i + 1, replay.PersistenceId, "", false, ActorRefs.NoSender, "", 0)));
                }
            }
            catch (System.Runtime.Serialization.SerializationException error)
            {
                replay.PersistentActor.Tell(new ReplayMessagesFailure(error));
                return;
            }

            replay.PersistentActor.Tell(new RecoverySuccess(journal.Count));
        }
    }

    /// <summary>There are no snapshots.</summary>
    internal sealed class SnapshotPlugin : ReceiveActor
    {
        public SnapshotPlugin() => Receive<LoadSnapshot>(load => Sender.Tell(new LoadSnapshotResult(null!, load.ToSequenceNr)));
    }

    private sealed class Provider : ExtensionIdProvider<SimulatedDisk>
    {
        public override SimulatedDisk CreateExtension(ExtendedActorSystem system) => new();
    }
}
