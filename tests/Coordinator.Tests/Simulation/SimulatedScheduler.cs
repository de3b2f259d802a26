using System.Reflection;
using Akka.Actor;
using Akka.Configuration;
using Akka.Dispatch;
using Akka.Event;

namespace ActorHutch.Coordinator.Tests.Simulation;

/// <summary>
/// Time and threads of an actor system in which nothing happens by itself: the next timer rings, and a mailbox is looked
/// after, when the simulation says so. All of it is on one thread.
/// </summary>
internal sealed class SimulatedScheduler(Config settings, ILoggingAdapter log) : SchedulerBase(settings, log)
{
    private readonly PriorityQueue<(Action Ring, ICancelable? Cancelable), (TimeSpan Due, long Number)> _timers = new();
    private readonly int _thread = Environment.CurrentManagedThreadId;
    private long _timersSoFar;

    /// <summary>Mailboxes with something in them, and what else wants to run.</summary>
    public List<IRunnable> Ready { get; } = [];

    /// <summary>How much time has passed.</summary>
    public TimeSpan Time { get; private set; }

    public override TimeSpan MonotonicClock => Time;

    public override TimeSpan HighResMonotonicClock => Time;

    protected override DateTimeOffset TimeNow => DateTimeOffset.UnixEpoch + Time;

    /// <summary>Something wants to run.</summary>
    public void Execute(IRunnable run)
    {
        if (Environment.CurrentManagedThreadId != _thread)
            throw new InvalidOperationException("Something left the simulation's thread, so it could not be played again.");
        Ready.Add(run);
    }

    /// <summary>Lets time pass until the next timer rings; false where none does in that time.</summary>
    public bool RingNext(TimeSpan within)
    {
        while (_timers.TryPeek(out var timer, out var at))
        {
            bool cancelled = timer.Cancelable is { IsCancellationRequested: true };
            if (!cancelled && at.Due - Time > within) return false;
            _timers.Dequeue();
            if (cancelled) continue;
            if (at.Due > Time) Time = at.Due;
            timer.Ring();
            return true;
        }

        return false;
    }

    /// <summary>Time passes and no timer rings, as for a machine that was asleep; they ring late then.</summary>
    public void Sleep(TimeSpan time) => Time += time;

    protected override void InternalScheduleTellOnce(
        TimeSpan delay, ICanTell receiver, object message, IActorRef sender, ICancelable cancelable) =>
        Start(delay, () => receiver.Tell(message, sender), cancelable);

    protected override void InternalScheduleTellRepeatedly(
        TimeSpan initialDelay, TimeSpan interval, ICanTell receiver, object message, IActorRef sender, ICancelable cancelable) =>
        StartPeriodic(initialDelay, interval, () => receiver.Tell(message, sender), cancelable);

    protected override void InternalScheduleOnce(TimeSpan delay, Action action, ICancelable cancelable) => Start(delay, action, cancelable);

    protected override void InternalScheduleOnce(TimeSpan delay, IRunnable action, ICancelable cancelable) => Start(delay, action.Run, cancelable);

    protected override void InternalScheduleRepeatedly(TimeSpan initialDelay, TimeSpan interval, Action action, ICancelable cancelable) =>
        StartPeriodic(initialDelay, interval, action, cancelable);

    protected override void InternalScheduleRepeatedly(TimeSpan initialDelay, TimeSpan interval, IRunnable action, ICancelable cancelable) =>
        StartPeriodic(initialDelay, interval, action.Run, cancelable);

    private void Start(TimeSpan delay, Action ring, ICancelable? cancelable) =>
        _timers.Enqueue((ring, cancelable), (Time + delay, _timersSoFar++));

    private void StartPeriodic(TimeSpan delay, TimeSpan interval, Action ring, ICancelable? cancelable) =>
        Start(
            delay,
            () =>
            {
                ring();
                StartPeriodic(interval, interval, ring, cancelable);
            },
            cancelable);
}

/// <summary>The simulation's time, for what measures it.</summary>
internal sealed class SimulatedTime(SimulatedScheduler scheduler) : TimeProvider
{
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => scheduler.Time.Ticks;

    public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch + scheduler.Time;
}

/// <summary>Has the actors of a system run when the simulation says so.</summary>
internal sealed class SimulatedDispatcher(MessageDispatcherConfigurator configurator, SimulatedScheduler scheduler)
    : MessageDispatcher(configurator)
{
    private static readonly FieldInfo Actor = typeof(Mailbox).GetField("_actor", BindingFlags.Instance | BindingFlags.NonPublic)!;

    /// <summary>Whose mailbox it is; null where it is none.</summary>
    public static ActorPath? PathOf(IRunnable run) => run is Mailbox ? ((ActorCell)Actor.GetValue(run)!).Self.Path : null;

    protected override void ExecuteTask(IRunnable run) => scheduler.Execute(run);

    protected override void Shutdown()
    {
    }
}

/// <summary>Akka makes it, by its name.</summary>
internal sealed class SimulatedDispatcherConfigurator : MessageDispatcherConfigurator
{
    private readonly SimulatedDispatcher _dispatcher;

    public SimulatedDispatcherConfigurator(Config config, IDispatcherPrerequisites prerequisites)
        : base(config, prerequisites) => _dispatcher = new SimulatedDispatcher(this, (SimulatedScheduler)prerequisites.Scheduler);

    public override MessageDispatcher Dispatcher() => _dispatcher;
}
