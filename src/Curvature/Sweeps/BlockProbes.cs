using ActorHutch.Curvature.Probes;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Sweeps;

/// <summary>One parameter's probes in one sweep: made when an operation asks for them, in the form that it asks for, and once.</summary>
/// <param name="draw">Makes them as numbers, <c>[P, *shape]</c>.</param>
/// <param name="pack">Makes the same as packed signs; null where they are none.</param>
internal sealed class BlockProbes(Func<Tensor> draw, Func<PackedSigns?> pack)
{
    private Tensor? _numbers;
    private PackedSigns? _signs;
    private bool _packed;

    /// <summary>Probes that are there as numbers.</summary>
    /// <param name="numbers"><c>[P, *shape]</c>.</param>
    public BlockProbes(Tensor numbers)
        : this(() => numbers, () => null)
    {
    }

    /// <summary>As numbers, <c>[P, *shape]</c>.</summary>
    public Tensor Numbers => _numbers ??= draw();

    /// <summary>As packed signs; null where they are none.</summary>
    public PackedSigns? Signs
    {
        get
        {
            if (!_packed) (_signs, _packed) = (pack(), true);
            return _signs;
        }
    }

    /// <summary>Whether these are the numbers that <see cref="Numbers"/> has given, by reference.</summary>
    public bool Gave(Tensor numbers) => ReferenceEquals(_numbers, numbers);
}
