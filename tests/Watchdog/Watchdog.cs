using System.Collections.Concurrent;
using System.Reflection;
using System.Runtime.CompilerServices;
using Xunit.v3;

[assembly: ActorHutch.Watchdog.Watched]

namespace ActorHutch.Watchdog;

/// <summary>
/// Ends a test program in which nothing begins or ends any more, and names the tests that were running: otherwise one test
/// that waits for ever leaves a run without a result and without a name.
/// </summary>
internal static class Watchdog
{
    /// <summary>Three times what the longest test takes on a busy machine of two cores.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(20);

    /// <summary>Tests that ended last: what hangs while no test runs is what one of them, or its class, leaves behind.</summary>
    private const int Recent = 8;

    private static readonly ConcurrentDictionary<IXunitTest, DateTime> Running = new();
    private static readonly ConcurrentQueue<string> Ended = new();
    private static Timer? _timer;

    [ModuleInitializer]
    internal static void Start() => _timer = new Timer(_ => End(), null, Patience, Timeout.InfiniteTimeSpan);

    public static void Begins(IXunitTest test)
    {
        Running[test] = DateTime.UtcNow;
        Wait();
    }

    public static void Ends(IXunitTest test)
    {
        Running.TryRemove(test, out _);
        Ended.Enqueue($"{DateTime.UtcNow:HH:mm:ss} {test.TestDisplayName}");
        while (Ended.Count > Recent) Ended.TryDequeue(out _);
        Wait();
    }

    private static void Wait() => _timer!.Change(Patience, Timeout.InfiniteTimeSpan);

    private static void End()
    {
        string tests = Running.IsEmpty
            ? $"none: a test's class being made or disposed of, a fixture, or the program's end. The last to end were\n{string.Join("\n", Ended)}"
            : string.Join("\n", Running.OrderBy(test => test.Value).Select(test => $"{test.Value:HH:mm:ss} {test.Key.TestDisplayName}"));
        string text = $"Nothing began or ended for {Patience.TotalMinutes:N0} minutes. Running, with its beginning (UTC):\n{tests}";
        Console.Error.WriteLine(text);
        Environment.FailFast(text);
    }
}

/// <summary>Tells the <see cref="Watchdog"/> of each test of the assembly.</summary>
[AttributeUsage(AttributeTargets.Assembly)]
internal sealed class WatchedAttribute : BeforeAfterTestAttribute
{
    public override void Before(MethodInfo methodUnderTest, IXunitTest test) => Watchdog.Begins(test);

    public override void After(MethodInfo methodUnderTest, IXunitTest test) => Watchdog.Ends(test);
}
