using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Serilog.Events;

namespace ActorHutch.Shared.Hosting;

/// <summary>A program's process, from the first line of its entry point to its end.</summary>
public static class ProgramEntry
{
    private delegate int OnExit(nint handler, nint argument);

    /// <summary>Runs a program that SIGINT and SIGTERM tell to come to an end.</summary>
    /// <remarks>
    /// Call it first of all, and load nothing for it: before the signals are taken, they end the process. That holds for
    /// the few hundredths of a second that the runtime itself takes to start, too.
    /// </remarks>
    /// <param name="program">The program; it returns the exit code.</param>
    public static int Run(Func<StopSignal, Task<int>> program)
    {
        // Never disposed of, so that a signal in the last moment does not take the exit code's place.
        var stop = new StopSignal();
        ArgumentNullException.ThrowIfNull(program);
        return Run(program, stop);
    }

    // A method of its own: whatever a method names may be loaded before its first line runs.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int Run(Func<StopSignal, Task<int>> program, StopSignal stop)
    {
        var streams = StandardStreams.Take();
        int code = program(stop).GetAwaiter().GetResult();
        if (streams.Failure is { } why)
        {
            StandardErrorLogger.Settings.Tell(LogEventLevel.Fatal, $"The result could not be written to standard output: {why}.");
            if (code is ExitCode.Done or ExitCode.Interrupted) code = ExitCode.NotWritten;
        }

        LeaveNativeObjects();
        return code;
    }

    /// <summary>
    /// Has the process end without destroying the global objects of its native libraries. A computation cannot be
    /// interrupted: it still uses libtorch's, and destroying them ends the process by SIGSEGV in place of its exit code.
    /// </summary>
    private static void LeaveNativeObjects()
    {
        // What glibc has: on_exit(_exit, 0). Its handlers get the exit code, and the last one that is added is the first that runs.
        if (!OperatingSystem.IsLinux()) return;
        nint process = NativeLibrary.GetMainProgramHandle();
        if (NativeLibrary.TryGetExport(process, "on_exit", out nint onExit) && NativeLibrary.TryGetExport(process, "_exit", out nint exit))
            Marshal.GetDelegateForFunctionPointer<OnExit>(onExit)(exit, 0);
    }
}
