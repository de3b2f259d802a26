using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace ActorHutch.Curvature.Native;

/// <summary>
/// Counts the bytes that libtorch's allocators give out and take back: exactly, on every device, for what one thread asks
/// to be computed. Other threads, and whatever else a process keeps in memory, do not show in it.
/// </summary>
/// <remarks>
/// It is what libtorch's own profiler asks the allocators with: a <c>c10::MemoryReportingInfoBase</c> in the thread's
/// debug information. That is a C++ object, so what is made here is its table of virtual functions, as libtorch 2.10 has
/// it under the ABI that compilers for Linux and macOS share.
/// </remarks>
internal sealed unsafe class AllocationMeter
{
    // c10::DebugInfoKind::PROFILER_STATE
    private const byte ProfilerState = 2;
    private const ulong Version = (2UL << 56) | (10UL << 48);
    private const ulong MajorAndMinor = 0xFFFF_0000_0000_0000;

    private static readonly Lazy<Functions?> Found = new(Find);

    [ThreadStatic]
    private static AllocationMeter? _current;

    private readonly List<long> _held = [];
    private readonly Lock _gate = new();
    private long _now;

    private AllocationMeter()
    {
    }

    /// <summary>Whether this libtorch can be asked.</summary>
    public static bool IsAvailable => Found.Value is not null;

    /// <summary>What is held after each allocation and each release during some work, in bytes, less what was held before.</summary>
    /// <exception cref="NotSupportedException">This libtorch cannot be asked.</exception>
    public static IReadOnlyList<long> Record(Action work)
    {
        var functions = Found.Value ?? throw new NotSupportedException("This libtorch does not report what it allocates.");
        if (_current is { } outer)
        {
            // A second one would hide from the first what it counts.
            var (from, before) = (outer._held.Count, outer._now);
            work();
            return [.. outer._held.Skip(from).Select(held => held - before)];
        }

        var meter = _current = new AllocationMeter();
        var handle = GCHandle.Alloc(meter);
        var native = new Reporter { Table = functions.Table, Meter = GCHandle.ToIntPtr(handle) };
        try
        {
            // A std::shared_ptr that owns nothing: an object and no counter.
            var shared = new SharedPointer { Object = &native };
            functions.Push(ProfilerState, &shared);
            try
            {
                work();
            }
            finally
            {
                functions.Pop(ProfilerState);
            }
        }
        finally
        {
            _current = null;
            handle.Free();
        }

        return meter._held;
    }

    private void Add(long bytes)
    {
        // A device's backward pass runs on a thread of libtorch's.
        lock (_gate) _held.Add(_now += bytes);
    }

    private static Functions? Find()
    {
        if (!LibTorch.TryFind("aoti_torch_abi_version", out nint version)
            || (((delegate* unmanaged<ulong>)version)() & MajorAndMinor) != Version
            || !LibTorch.TryFind("_ZN3c1020ThreadLocalDebugInfo5_pushENS_13DebugInfoKindESt10shared_ptrINS_13DebugInfoBaseEE", out nint push)
            || !LibTorch.TryFind("_ZN3c1020ThreadLocalDebugInfo4_popENS_13DebugInfoKindE", out nint pop))
        {
            return null;
        }

        // Two words that C++ looks for before the table, then two destructors and the three functions of the interface.
        var table = (void**)RuntimeHelpers.AllocateTypeAssociatedMemory(typeof(AllocationMeter), 7 * sizeof(void*)) + 2;
        table[0] = table[1] = (delegate* unmanaged<Reporter*, void>)&Destroy;
        table[2] = (delegate* unmanaged<Reporter*, void*, long, nuint, nuint, ushort, void>)&ReportMemoryUsage;
        table[3] = (delegate* unmanaged<Reporter*, long, nuint, nuint, ushort, void>)&ReportOutOfMemory;
        table[4] = (delegate* unmanaged<Reporter*, byte>)&MemoryProfilingEnabled;
        return new Functions(table, push, pop);
    }

    [UnmanagedCallersOnly]
    private static void ReportMemoryUsage(
        Reporter* self, void* block, long bytes, nuint totalAllocated, nuint totalReserved, ushort device) =>
        ((AllocationMeter)GCHandle.FromIntPtr(self->Meter).Target!).Add(bytes);

    [UnmanagedCallersOnly]
    private static void ReportOutOfMemory(Reporter* self, long bytes, nuint totalAllocated, nuint totalReserved, ushort device)
    {
        // libtorch throws, and whoever asked hears of it.
    }

    [UnmanagedCallersOnly]
    private static byte MemoryProfilingEnabled(Reporter* self) => 1;

    [UnmanagedCallersOnly]
    private static void Destroy(Reporter* self)
    {
        // It lives on the stack of Record.
    }

    private sealed class Functions(void** table, nint push, nint pop)
    {
        public void** Table => table;

        public void Push(byte kind, SharedPointer* info) =>
            ((delegate* unmanaged<byte, SharedPointer*, void>)push)(kind, info);

        public void Pop(byte kind) => _ = ((delegate* unmanaged<byte, Returned>)pop)(kind);
    }

    /// <summary>A C++ object: the table of its virtual functions, and a field.</summary>
    private struct Reporter
    {
        public void** Table;
        public nint Meter;
    }

    private struct SharedPointer
    {
        public Reporter* Object;
        public void* Counter;
    }

    /// <summary>
    /// C++ returns a <c>std::shared_ptr</c> in the caller's memory; of a structure that is larger than two registers, .NET
    /// expects that too.
    /// </summary>
    [StructLayout(LayoutKind.Sequential, Size = 24)]
    private readonly struct Returned;
}
