namespace ActorHutch.Process.Tests.Programs;

/// <summary>How far a program's start is, told by the assemblies that it has loaded.</summary>
internal static class StartUp
{
    /// <summary>More are loaded by any of the programs once it does what it is there for.</summary>
    public const int MostAssemblies = 60;

    /// <summary>Killed by SIGTERM, in a shell's way of counting.</summary>
    public const int Terminated = 128 + 15;

    /// <summary>
    /// What taking signals takes. As long as nothing else is loaded, the runtime is being started, and a signal still
    /// ends the process.
    /// </summary>
    private static readonly HashSet<string> BeforeSignals =
    [
        "System.Private.CoreLib.dll", "System.Runtime.dll", "actorhutch.dll", "actorhutch-worker.dll", "ActorHutch.Shared.dll",
        "System.Runtime.InteropServices.dll", "System.Threading.dll", "System.Collections.dll",
    ];

    /// <summary>Whether an exit code is the one that is promised to whoever sends SIGTERM at that moment.</summary>
    /// <param name="code">The exit code.</param>
    /// <param name="promised">What is promised once the program's first line has run.</param>
    /// <param name="loaded">What it had loaded before the signal was sent.</param>
    public static bool IsPromised(int code, int promised, IReadOnlySet<string> loaded) =>
        code == promised || (code == Terminated && loaded.IsSubsetOf(BeforeSignals));
}
