using Akka.Actor;

namespace ActorHutch.Shared.Actors;

/// <summary>
/// An actor that says which messages it takes, and what it does with each: as <see cref="ReceiveActor"/>, which makes its
/// handlers of expressions whenever a process starts. Handlers are asked in the order in which they were said, and the first that takes a
/// message is the only one.
/// </summary>
public abstract class HandlerActor : UntypedActor
{
    private List<Func<object, bool>> _handlers = [];

    /// <summary>Takes all messages of a kind.</summary>
    /// <param name="handle">What is done with one.</param>
    protected void Receive<T>(Action<T> handle) => Receive(_ => true, handle);

    /// <summary>Takes the messages of a kind that fulfil a condition.</summary>
    /// <param name="takes">The condition.</param>
    /// <param name="handle">What is done with one.</param>
    protected void Receive<T>(Predicate<T> takes, Action<T> handle)
    {
        ArgumentNullException.ThrowIfNull(takes);
        ArgumentNullException.ThrowIfNull(handle);
        _handlers.Add(message =>
        {
            if (message is not T ours || !takes(ours)) return false;
            handle(ours);
            return true;
        });
    }

    /// <summary>Takes what no handler before it takes.</summary>
    /// <param name="handle">What is done with it.</param>
    protected void ReceiveAny(Action<object> handle) => Receive(handle);

    /// <summary>From the next message on, takes what <paramref name="say"/> says, and nothing else.</summary>
    /// <param name="say">Calls <c>Receive</c>.</param>
    protected void Become(Action say)
    {
        ArgumentNullException.ThrowIfNull(say);
        // Another list: the handler that calls this is one of the old one.
        _handlers = [];
        say();
    }

    /// <inheritdoc/>
    protected sealed override void OnReceive(object message)
    {
        foreach (var handler in _handlers)
        {
            if (handler(message)) return;
        }

        Unhandled(message);
    }
}
