using Akka.Actor;
using Akka.Event;

namespace ActorHutch.Shared.Tests.Security;

/// <summary>What happened in an actor system: its log and its association events, to be waited for.</summary>
internal sealed class Log
{
    private readonly Lock _lock = new();
    private readonly List<object> _events = [];
    private readonly List<(Func<object, bool> Wanted, TaskCompletionSource<object> Found)> _waiting = [];

    public Log(ActorSystem system)
    {
        var listener = system.ActorOf(Props.Create(() => new Listener(this)));
        system.EventStream.Subscribe(listener, typeof(LogEvent));
        system.EventStream.Subscribe(listener, typeof(Akka.Remote.RemotingLifecycleEvent));
    }

    public IReadOnlyList<string> Warnings => Lines(LogLevel.WarningLevel);

    public IReadOnlyList<string> Lines(LogLevel level = LogLevel.DebugLevel)
    {
        lock (_lock)
            return [.. _events.OfType<LogEvent>().Where(line => line.LogLevel() >= level).Select(line => line.ToString())];
    }

    /// <summary>The first line with this text, now or soon.</summary>
    public async Task<string> WaitForLine(string text) => (await WaitFor(
        happened => happened is LogEvent && happened.ToString()!.Contains(text, StringComparison.Ordinal), text)).ToString()!;

    /// <summary>The first event of a type, now or soon.</summary>
    public Task WaitFor<T>() => WaitFor(happened => happened is T, typeof(T).Name);

    private async Task<object> WaitFor(Func<object, bool> wanted, string what)
    {
        var found = new TaskCompletionSource<object>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            if (_events.FirstOrDefault(wanted) is { } there) return there;
            _waiting.Add((wanted, found));
        }

        try
        {
            return await found.Task.WaitAsync(Node.Patience);
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"«{what}» did not happen. This did:\n{string.Join('\n', Lines())}");
        }
    }

    private void Add(object happened)
    {
        lock (_lock)
        {
            _events.Add(happened);
            foreach (var (_, found) in _waiting.Where(waiting => waiting.Wanted(happened))) found.TrySetResult(happened);
        }
    }

    private sealed class Listener : ReceiveActor
    {
        public Listener(Log log) => ReceiveAny(log.Add);
    }
}
