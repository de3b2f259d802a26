using static TorchSharp.torch;

namespace ActorHutch.Curvature.Native;

/// <summary>In which of its forms libtorch computes <c>scaled_dot_product_attention</c>.</summary>
internal static unsafe class Attention
{
    /// <summary>
    /// Leaves the form that is made of matrix products and softmax. The fused ones, of which libtorch prefers flash attention
    /// on a CPU, have a first derivative and no second. Holds for the process.
    /// </summary>
    public static void UseDifferentiableForm()
    {
        backends.cuda.enable_flash_sdp(false);
        // Those of GPUs alone, which TorchSharp has no switch for.
        if (!LibTorch.TryFind("_ZN2at13globalContextEv", out nint context)) return;
        foreach (string form in (string[])["_ZN2at7Context21setSDPUseMemEfficientEb", "_ZN2at7Context14setSDPUseCuDNNEb"])
        {
            if (LibTorch.TryFind(form, out nint use))
                ((delegate* unmanaged<nint, byte, void>)use)(((delegate* unmanaged<nint>)context)(), 0);
        }
    }
}
