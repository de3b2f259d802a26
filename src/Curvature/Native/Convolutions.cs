using TorchSharp;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Native;

/// <summary>By which of its libraries libtorch computes convolutions in single precision on a CPU.</summary>
internal static unsafe class Convolutions
{
    /// <summary>Of the largest number. Rounding takes some 1e-6 of it.</summary>
    private const double Tolerance = 1e-3;

    private const int Rounds = 3;

    /// <summary>c10's level of errors, where warnings are 1.</summary>
    private const int Errors = 2;

    /// <summary>Samples, channels in and out, groups, kernel, width, stride and padding.</summary>
    private static readonly (int N, int In, int Out, int Groups, int Kernel, int Width, int Stride, int Padding)[] Shapes =
    [
        (4, 2, 3, 1, 3, 5, 1, 0), (4, 3, 8, 1, 3, 16, 1, 1), (4, 8, 8, 1, 3, 16, 1, 1), (2, 16, 16, 1, 3, 8, 1, 1), (3, 8, 16, 1, 3, 9, 2, 1),
        (2, 8, 8, 8, 3, 6, 1, 1), (4, 16, 32, 1, 1, 4, 1, 0),
    ];

    /// <summary>
    /// Computes a few convolutions with their derivatives, and leaves out oneDNN where it has them wrong, and NNPACK where it
    /// does not know the processor, which it would say at each convolution. Holds for the process.
    /// </summary>
    /// <remarks>
    /// oneDNN 3.7.1 compiles its code for the processor that it finds. On an AMD EPYC of family 26 in a virtual machine the
    /// derivative with respect to the input was off by its own size, with AVX2 and with AVX-512, where channels do not fill a
    /// register: what is behind them is read from memory that nobody wrote, so that it is wrong in one run and right in another.
    /// Convolutions themselves were off by 10⁻⁴ in GoogLeNet, which no small one shows. libtorch's own convolution, a matrix product,
    /// is right there.
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
        int threads = get_num_threads();
        try
        {
            // oneDNN's code differs with the number of threads, which jobs set later.
            return new[] { 1, threads }.Distinct().All(number =>
            {
                set_num_threads(number);
                return Enumerable.Repeat(Shapes, Rounds).SelectMany(shapes => shapes).All(IsRight);
            });
        }
        finally
        {
            set_num_threads(threads);
        }
    }

    private static bool IsRight((int N, int In, int Out, int Groups, int Kernel, int Width, int Stride, int Padding) shape)
    {
        using var scope = NewDisposeScope();
        var input = Numbers(shape.N, shape.In, shape.Width, shape.Width);
        var weight = Numbers(shape.Out, shape.In / shape.Groups, shape.Kernel, shape.Kernel);
        var exact = WithDerivatives(ScalarType.Float64);
        Spoil();
        var single = WithDerivatives(ScalarType.Float32);
        return exact.Zip(single).All(pair =>
            (pair.Second.to(ScalarType.Float64) - pair.First).abs().max().ToDouble() <= Tolerance * pair.First.abs().max().ToDouble());

        Tensor[] WithDerivatives(ScalarType dtype)
        {
            using var recording = enable_grad();
            var x = input.to(dtype).requires_grad_();
            var w = weight.to(dtype).requires_grad_();
            var y = nn.functional.conv2d(
                x, w, null, [shape.Stride, shape.Stride], [shape.Padding, shape.Padding], [1, 1], shape.Groups);
            using var direction = Numbers(y.shape).to(dtype);
            return [y.detach(), .. autograd.grad([y], [x, w], [direction])];
        }
    }

    /// <summary>Leaves memory behind that holds no numbers: what is read without having been written shows.</summary>
    private static void Spoil()
    {
        using Scalar none = double.NaN;
        var spoiled = Enumerable.Range(8, 9).SelectMany(bits => Enumerable.Range(0, 3).Select(_ => full([1L << bits], none, ScalarType.Float32))).ToArray();
        foreach (var tensor in spoiled) tensor.Dispose();
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
