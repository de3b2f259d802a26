using static TorchSharp.torch;

namespace ActorHutch.Curvature.Native;

/// <summary>In which of its forms libtorch computes <c>scaled_dot_product_attention</c>.</summary>
internal static class Attention
{
    /// <summary>
    /// Leaves the form that is made of matrix products and softmax. The fused ones, of which libtorch prefers flash attention
    /// on a CPU, have a first derivative and no second. Holds for the process.
    /// </summary>
    public static void UseDifferentiableForm()
    {
        backends.cuda.enable_flash_sdp(false);
        // Those of GPUs alone.
        GlobalContext.SwitchOff("_ZN2at7Context21setSDPUseMemEfficientEb");
        GlobalContext.SwitchOff("_ZN2at7Context14setSDPUseCuDNNEb");
    }
}
