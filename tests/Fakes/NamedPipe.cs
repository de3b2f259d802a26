using System.Runtime.InteropServices;

namespace ActorHutch.Fakes;

/// <summary>A pipe with a name, which nobody writes to: whoever opens it waits.</summary>
public static partial class NamedPipe
{
    private const uint OwnersAlone = 0b110_000_000;

    /// <summary>Makes one, or skips the test where the system has none.</summary>
    /// <param name="path">Where.</param>
    public static string MakeOrSkip(string path)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "There are no named pipes among the files.");
        Assert.Equal(0, MakeFifo(path, OwnersAlone));
        return path;
    }

    [LibraryImport("libc", EntryPoint = "mkfifo", StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int MakeFifo(string path, uint mode);
}
