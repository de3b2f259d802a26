namespace ActorHutch.Curvature.Native;

/// <summary>libtorch's settings of the process that TorchSharp has no switch for.</summary>
internal static unsafe class GlobalContext
{
    private const string Getter = "_ZN2at13globalContextEv";

    /// <summary>Whether the library shows them.</summary>
    public static bool IsKnown => LibTorch.TryFind(Getter, out _);

    /// <summary>Switches something off, where the library has such a switch.</summary>
    /// <param name="setter">The setter's name in the library, a member of <c>at::Context</c> that takes a bool.</param>
    public static void SwitchOff(string setter)
    {
        if (LibTorch.TryFind(Getter, out nint context) && LibTorch.TryFind(setter, out nint use))
            ((delegate* unmanaged<nint, byte, void>)use)(((delegate* unmanaged<nint>)context)(), 0);
    }
}
