using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace ActorHutch.Curvature.Native;

/// <summary>What a libtorch says of itself.</summary>
/// <param name="Version">Such as 2.10.0; empty where it does not say.</param>
/// <param name="Vectors">The instructions that its own kernels use on this processor, such as AVX512; empty where it does not say.</param>
/// <param name="Digest">Another one where anything differs that it says: its compiler, MKL, oneDNN, CUDA and their versions.</param>
public sealed partial record LibTorchBuild(string Version, string Vectors, string Digest)
{
    /// <summary><c>libtorch 2.10.0 (1f2e3d4c), AVX512</c>.</summary>
    public override string ToString() =>
        $"libtorch {(Digest.Length == 0 ? Version : $"{Version} ({Digest})")}{(Vectors.Length == 0 ? "" : $", {Vectors}")}";

    /// <summary>What a library that is loaded says.</summary>
    /// <param name="library">A handle of <c>libtorch_cpu</c>.</param>
    internal static LibTorchBuild Of(nint library)
    {
        string config = Config(library);
        return config.Length == 0
            ? new LibTorchBuild(AbiVersion(library) is var (major, minor) ? $"{major}.{minor}" : "", "", "")
            : new LibTorchBuild(
                VersionLine().Match(config).Groups[1].Value,
                VectorsLine().Match(config).Groups[1].Value,
                Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(config)).AsSpan(0, 4)));
    }

    /// <summary>
    /// The version that a library's stable C interface names; null where it has none, as it was before 2.9.
    /// </summary>
    internal static unsafe (int Major, int Minor)? AbiVersion(nint library)
    {
        if (!NativeLibrary.TryGetExport(library, "aoti_torch_abi_version", out nint version)) return null;
        ulong number = ((delegate* unmanaged<ulong>)version)();
        return ((int)(number >> 56), (int)(number >> 48) & 0xff);
    }

    /// <summary>
    /// <c>at::show_config()</c>, which TorchSharp does not offer; empty where it cannot be called. Its C++ string comes as a
    /// struct that is returned by way of memory, whose first two words are address and length where it is as long as this.
    /// </summary>
    private static unsafe string Config(nint library)
    {
        if (!OperatingSystem.IsLinux() || !NativeLibrary.TryGetExport(library, "_ZN2at11show_configB5cxx11Ev", out nint show)) return "";
        var text = ((delegate* unmanaged<StandardString>)show)();
        // The memory is not given back: it is a page, once a process.
        return text.Length is > 15 and < 1 << 20 ? Marshal.PtrToStringUTF8(text.Data, (int)text.Length) : "";
    }

    [GeneratedRegex(@"TORCH_VERSION=([^,\s]+)")]
    private static partial Regex VersionLine();

    [GeneratedRegex(@"CPU capability usage: (.+)")]
    private static partial Regex VectorsLine();

    /// <summary>libstdc++'s <c>std::string</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct StandardString
    {
        public nint Data;
        public nint Length;
        public nint Capacity;
        public nint Unused;
    }
}
