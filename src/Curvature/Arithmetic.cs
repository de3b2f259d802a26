using static TorchSharp.torch;
using Scalar = TorchSharp.Scalar;

namespace ActorHutch.Curvature;

/// <summary>Sums and multiples whose constants live as long as libtorch reads them.</summary>
/// <remarks>
/// TorchSharp 0.107 turns <c>a + b</c> into a + 1 · b and <c>2 * a</c> into a call with a native copy of the 2, and
/// nothing keeps the object that owns the copy during the call: when the garbage collector runs at that moment, its
/// finalizer frees what libtorch is about to read. Under load that is one operation in some ten thousands, and it ends
/// in an exception or in another constant. So nothing in this library uses those operators. <c>a - b</c> and <c>a * b</c>
/// of two tensors have no such constant.
/// </remarks>
internal static class Arithmetic
{
    private static readonly Scalar One = 1;

    /// <summary>a + b.</summary>
    public static Tensor Plus(this Tensor a, Tensor b) => a.add(b, One);

    /// <summary>a + b, written to a.</summary>
    public static Tensor PlusInPlace(this Tensor a, Tensor b) => a.add_(b, One);

    /// <summary>a + b ∘ c, after broadcasting.</summary>
    public static Tensor PlusProduct(this Tensor a, Tensor b, Tensor c) => a.addcmul(b, c, One);

    /// <summary>a + b ∘ c, written to a.</summary>
    public static Tensor PlusProductInPlace(this Tensor a, Tensor b, Tensor c) => a.addcmul_(b, c, One);

    /// <summary>a + c.</summary>
    public static Tensor Plus(this Tensor a, double c)
    {
        using Scalar constant = c;
        return a.add(constant, One);
    }

    /// <summary>c · a.</summary>
    public static Tensor Times(this Tensor a, double c)
    {
        using Scalar constant = c;
        return a.mul(constant);
    }

    /// <summary>a ∘ a. TorchSharp's own square is a power, with a constant.</summary>
    public static Tensor Squared(this Tensor a) => a * a;

    /// <summary>Writes 1 to every element.</summary>
    public static Tensor FillWithOnes(this Tensor a) => a.fill_(One);

    /// <summary>c · a, written to a.</summary>
    public static Tensor TimesInPlace(this Tensor a, double c)
    {
        using Scalar constant = c;
        return a.mul_(constant);
    }
}
