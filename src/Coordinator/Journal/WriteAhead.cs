using Akka.Actor;

namespace ActorHutch.Coordinator.Journal;

/// <summary>
/// Holds back what is to be done with a result until the result is on the disk, and what comes after it until then too.
/// </summary>
internal sealed class WriteAhead(IActorRef journal)
{
    private readonly Queue<(long After, Action Perform)> _held = [];
    private long _sent;
    private long _written;

    public IActorRef Journal => journal;

    /// <summary>Has something written.</summary>
    public void Write(object message)
    {
        _sent++;
        journal.Tell(message);
    }

    /// <summary>Performs an action once everything sent so far is written: at once where it is.</summary>
    public void Afterwards(Action perform)
    {
        _held.Enqueue((_sent, perform));
        Release();
    }

    /// <summary>So many more were written.</summary>
    public void OnWritten(int count)
    {
        _written += count;
        Release();
    }

    /// <summary>Nothing more will be written: what was held back is not to happen.</summary>
    public void Abandon()
    {
        _held.Clear();
        _written = _sent;
    }

    private void Release()
    {
        while (_held.TryPeek(out var next) && next.After <= _written)
        {
            _held.Dequeue();
            next.Perform();
        }
    }
}
