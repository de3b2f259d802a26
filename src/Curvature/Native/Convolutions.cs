using TorchSharp;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Native;

/// <summary>By which of its libraries libtorch computes convolutions in single precision on a CPU.</summary>
internal static unsafe class Convolutions
{
    /// <summary>Of the largest number. Rounding takes some 1e-6 of it.</summary>
    private const double Tolerance = 1e-3;

    /// <summary>c10's level of errors, where warnings are 1.</summary>
    private const int Errors = 2;

    /// <summary>Samples, channels in and out, groups, kernel, width, stride and padding.</summary>
    private static readonly (int N, int In, int Out, int Groups, int Kernel, int Width, int Stride, int Padding)[] Shapes =
    [
        (4, 2, 3, 1, 3, 5, 1, 0), (2, 16, 16, 1, 3, 8, 1, 1), (3, 8, 16, 1, 3, 9, 2, 1), (2, 8, 8, 8, 3, 6, 1, 1), (4, 16, 32, 1, 1, 4, 1, 0),
    ];

    /// <summary>
    /// Computes a few convolutions with their derivatives, and leaves out oneDNN where it has them wrong, and NNPACK where it
    /// does not know the processor, which it would say at each convolution. Holds for the process.
    /// </summary>
    /// <remarks>
    /// oneDNN 3.7.1 compiles its code for the processor that it finds. On an AMD EPYC of family 26 in a virtual machine the
    /// derivative with respect to the input was off by its own size, with AVX2 and with AVX-512. libtorch's own convolution, a
    /// matrix product, is right there.
    /// </remarks>
    public static void LeaveOutWhatIsWrong()
    {
        if (!GlobalContext.IsKnown) return;
        if (!NnpackKnowsTheProcessor()) GlobalContext.SwitchOff("_ZN2at7Context20setUserEnabledNNPACKEb");
        if (!AreRight()) GlobalContext.SwitchOff("_ZN2at7Context20setUserEnabledMkldnnEb");
    }

    /// <summary>Whether a few convolutions and their derivatives are in single precision what they are in double.</summary>
    internal static bool AreRight()
    {
        foreach (var (n, channels, results, groups, kernel, width, stride, padding) in Shapes)
        {
            using var scope = NewDisposeScope();
            var input = Numbers(n, channels, width, width);
            var weight = Numbers(results, channels / groups, kernel, kernel);
            var single = WithDerivatives(ScalarType.Float32);
            var exact = WithDerivatives(ScalarType.Float64);
            for (int i = 0; i < exact.Length; i++)
            {
                double off = (single[i].to(ScalarType.Float64) - exact[i]).abs().max().ToDouble();
                if (!(off <= Tolerance * exact[i].abs().max().ToDouble())) return false;
            }

            Tensor[] WithDerivatives(ScalarType dtype)
            {
                using var recording = enable_grad();
                var x = input.to(dtype).requires_grad_();
                var w = weight.to(dtype).requires_grad_();
                var y = nn.functional.conv2d(x, w, null, [stride, stride], [padding, padding], [1, 1], groups);
                using var direction = Numbers(y.shape).to(dtype);
                return [y.detach(), .. autograd.grad([y], [x, w], [direction])];
            }
        }

        return true;
    }

    /// <summary>Numbers that are no pattern, without a draw from a generator that is the user's.</summary>
    private static Tensor Numbers(params long[] shape)
    {
        using var scope = NewDisposeScope();
        using Scalar step = 12.9898, count = shape.Aggregate(1L, (size, next) => size * next);
        var places = arange(count, ScalarType.Float64);
        return places.mul(step).sin().reshape(shape).MoveToOuterDisposeScope();
    }

    private static bool NnpackKnowsTheProcessor()
    {
        if (!LibTorch.TryFind("_ZN2at6native17_nnpack_availableEv", out nint available)) return true;
        int* level = LibTorch.TryFind("FLAGS_caffe2_log_level", out nint flag) ? (int*)flag : null;
        int before = level is null ? 0 : *level;
        if (level is not null) *level = Errors;
        try
        {
            return ((delegate* unmanaged<byte>)available)() != 0;
        }
        finally
        {
            if (level is not null) *level = before;
        }
    }
}
