using Akka.Dispatch;

namespace ActorHutch.Shared.Hosting;

/// <summary>What takes longer than an actor may be busy, on the threads of a dispatcher and not on the actor's turn.</summary>
public static class DispatcherTasks
{
    /// <summary>Runs it there; an actor has the result piped to itself.</summary>
    /// <param name="dispatcher">Whose threads; the default one's are those of the process's pool.</param>
    /// <param name="work">What takes long.</param>
    public static Task<T> RunAsync<T>(this MessageDispatcher dispatcher, Func<T> work)
    {
        ArgumentNullException.ThrowIfNull(dispatcher);
        var task = new Task<T>(work);
        dispatcher.Schedule(task.RunSynchronously);
        return task;
    }

    /// <inheritdoc cref="RunAsync{T}(MessageDispatcher, Func{T})"/>
    public static Task<T> RunAsync<T>(this MessageDispatcher dispatcher, Func<Task<T>> work) =>
        dispatcher.RunAsync<Task<T>>(work).Unwrap();
}
