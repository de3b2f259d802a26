using System.Runtime.InteropServices;

namespace ActorHutch.Curvature.Native;

/// <summary>The C library's allocator, from which libtorch has its memory on a CPU.</summary>
internal static unsafe class Allocator
{
    // Of malloc.h.
    private const int TrimThreshold = -1, MmapThreshold = -3;

    /// <summary>The most that glibc takes.</summary>
    private const int LargestMmapThreshold = 32 << 20;

    private const int Kept = 1 << 30;

    /// <summary>
    /// Lets glibc keep up to 1 GiB of what is given back to it. Without that, tensors of some MiB get pages from the system
    /// and return them at each operation, which can take longer than the operation. Does nothing for another C library, nor
    /// where the user has set either threshold in the environment.
    /// </summary>
    public static void KeepMemory()
    {
        if (!OperatingSystem.IsLinux() || IsSet("MALLOC_TRIM_THRESHOLD_") || IsSet("MALLOC_MMAP_THRESHOLD_")) return;
        if (!NativeLibrary.TryLoad("libc.so.6", out nint library) || !NativeLibrary.TryGetExport(library, "mallopt", out nint function)) return;
        var set = (delegate* unmanaged<int, int, int>)function;
        set(TrimThreshold, Kept);
        set(MmapThreshold, LargestMmapThreshold);
    }

    private static bool IsSet(string variable) => !string.IsNullOrEmpty(Environment.GetEnvironmentVariable(variable));
}
