using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using TorchSharp;

namespace ActorHutch.Curvature.Native;

/// <summary>Finds and loads libtorch, before the first use of TorchSharp.</summary>
public static class LibTorch
{
    /// <summary>Names the folder of another libtorch, such as <c>site-packages/torch/lib</c> of a Python install.</summary>
    public const string FolderVariable = "ACTORHUTCH_LIBTORCH";

    private static readonly Lock Gate = new();
    private static bool _loaded;
    private static nint _library;

    /// <summary>
    /// Loads libtorch from <c>ACTORHUTCH_LIBTORCH</c> or from beside the program; once a process. Attention is computed
    /// in the form that can be differentiated twice from then on, and convolutions by what is right on this processor.
    /// </summary>
    /// <exception cref="LibTorchException">Nothing could be loaded: the message says what was tried.</exception>
    public static void Load()
    {
        lock (Gate)
        {
            if (_loaded) return;
            Load(Environment.GetEnvironmentVariable(FolderVariable));
            _loaded = true;
            Attention.UseDifferentiableForm();
            Convolutions.LeaveOutWhatIsWrong();
            Allocator.KeepMemory();
        }
    }

    private static void Load(string? folder)
    {
        var tried = new StringBuilder();
        try
        {
            if (!string.IsNullOrWhiteSpace(folder)) LoadFrom(folder, tried);
            LoadOwn(tried);
            torch.InitializeDeviceType(DeviceType.CPU);
            if (_library == 0) NativeLibrary.TryLoad("LibTorchSharp", typeof(torch).Assembly, null, out _library);
        }
        catch (Exception error) when (error is not CurvatureException)
        {
            tried.Append(CultureInfo.InvariantCulture, $"\n  TorchSharp: {Innermost(error).Message.Split('\n', 2)[0]}");
            throw NotLoaded(tried, error);
        }
    }

    /// <summary>
    /// Finds a function of libtorch that TorchSharp does not offer, by its name in the library: that of the C++ compilers
    /// of Linux and macOS, so that on Windows there is none.
    /// </summary>
    internal static bool TryFind(string symbol, out nint function)
    {
        Load();
        function = 0;
        // A library is searched with all that it was linked with.
        return _library != 0 && NativeLibrary.TryGetExport(_library, symbol, out function);
    }

    /// <summary>What the libtorch that is loaded says of itself.</summary>
    /// <exception cref="LibTorchException">Nothing could be loaded.</exception>
    public static LibTorchBuild Build
    {
        get
        {
            Load();
            // It is there already, and is found by its name wherever it came from.
            return NativeLibrary.TryLoad(FileName("torch_cpu"), out nint library) ? LibTorchBuild.Of(library) : new LibTorchBuild(TorchVersion, "", "");
        }
    }

    /// <summary>libtorch's name on this operating system.</summary>
    private static string FileName(string library) =>
        OperatingSystem.IsWindows() ? $"{library}.dll"
        : OperatingSystem.IsMacOS() ? $"lib{library}.dylib"
        : $"lib{library}.so";

    private static void LoadFrom(string folder, StringBuilder tried)
    {
        string file = Path.Combine(folder, FileName("torch"));
        if (!File.Exists(file))
        {
            tried.Append(CultureInfo.InvariantCulture, $"\n  {FolderVariable}={folder}: there is no {FileName("torch")} in it");
            throw NotLoaded(tried, null);
        }

        try
        {
            // Libraries that come later and name libtorch get the one that is loaded already.
            NativeLibrary.Load(file);
            CheckVersion(Path.Combine(folder, FileName("torch_cpu")), tried);
        }
        catch (DllNotFoundException error)
        {
            tried.Append(CultureInfo.InvariantCulture, $"\n  {file}: {error.Message.Split('\n', 2)[0]}");
            throw NotLoaded(tried, error);
        }
    }

    /// <summary>Used by TorchSharp's own library, another version would end the process without a word.</summary>
    private static void CheckVersion(string file, StringBuilder tried)
    {
        nint library = NativeLibrary.Load(file);
        if (LibTorchBuild.AbiVersion(library) is var (major, minor) && $"{major}.{minor}" == TorchVersion) return;
        string version = LibTorchBuild.Of(library).Version;
        tried.Append(CultureInfo.InvariantCulture,
            $"\n  {file}: it is libtorch {(version.Length == 0 ? "of another version" : version)}, and this program is built for {TorchVersion}");
        throw NotLoaded(tried, null);
    }

    /// <summary>
    /// Loads TorchSharp's own native library, and with it libtorch, from where a build or a publish puts it. Where it
    /// is not there, TorchSharp's own search goes on (a notebook, or a package folder).
    /// </summary>
    private static void LoadOwn(StringBuilder tried)
    {
        string[] folders =
        [
            Path.Combine(AppContext.BaseDirectory, "runtimes", Rid, "native"),
            AppContext.BaseDirectory,
        ];
        foreach (string folder in folders)
        {
            string file = Path.Combine(folder, FileName("LibTorchSharp"));
            if (!File.Exists(file))
            {
                tried.Append(CultureInfo.InvariantCulture, $"\n  {file}: not there");
                continue;
            }

            try
            {
                _library = NativeLibrary.Load(file);
                return;
            }
            catch (DllNotFoundException error)
            {
                // Without this, TorchSharp would copy half a gigabyte, fail again, and blame a missing package.
                tried.Append(CultureInfo.InvariantCulture, $"\n  {file}: {LoaderMessage(error)}");
                throw NotLoaded(tried, error);
            }
        }
    }

    private static string Rid
    {
        get
        {
            string system = OperatingSystem.IsWindows() ? "win" : OperatingSystem.IsMacOS() ? "osx" : "linux";
            return $"{system}-{RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant()}";
        }
    }

    private static LibTorchException NotLoaded(StringBuilder tried, Exception? inner)
    {
        string message = $"libtorch could not be loaded. What was tried:{tried}\n"
            + $"Build for this system ({Rid}), or set {FolderVariable} to a folder that holds {FileName("torch")} "
            + $"of libtorch {TorchVersion}, such as site-packages/torch/lib of a Python install.";
        return new LibTorchException(message, inner);
    }

    private const string TorchVersion = "2.10";

    /// <summary>The lines of a loader's message that name a cause.</summary>
    private static string LoaderMessage(DllNotFoundException error) =>
        string.Join("; ", error.Message.Split('\n').Skip(1).Select(line => line.Trim()).Where(line => line.Length > 0).Take(2));

    private static Exception Innermost(Exception error)
    {
        while (error.InnerException is not null) error = error.InnerException;
        return error;
    }
}
