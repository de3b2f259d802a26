using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Models.Description;

/// <summary>The poolings of <see cref="LayerTable"/>.</summary>
internal static class PoolingKinds
{
    /// <summary>All of them.</summary>
    public static IReadOnlyList<LeafKind> All { get; } =
    [
        Max(nameof(MaxPool1d), 1, (a, _) => nn.MaxPool1d(
            a.Sizes("kernel_size")[0], a.SizesOrNull("stride")?[0], a.Sizes("padding")[0], a.Sizes("dilation")[0],
            a.Flag("ceil_mode"))),
        Max(nameof(MaxPool2d), 2, (a, _) => nn.MaxPool2d(
            a.Sizes("kernel_size"), a.SizesOrNull("stride"), a.Sizes("padding"), a.Sizes("dilation"), a.Flag("ceil_mode"))),
        Average(nameof(AvgPool1d), 1, [], (a, _) => nn.AvgPool1d(
            a.Sizes("kernel_size")[0], a.SizesOrNull("stride")?[0], a.Sizes("padding")[0], a.Flag("ceil_mode"),
            a.Flag("count_include_pad"))),
        Average(nameof(AvgPool2d), 2, [new IntegerArgument("divisor_override", takesNull: true)], (a, _) => nn.AvgPool2d(
            a.Sizes("kernel_size"), a.SizesOrNull("stride"), a.Sizes("padding"), a.Flag("ceil_mode"),
            a.Flag("count_include_pad"), a.IntegerOrNull("divisor_override"))),
        new(nameof(AdaptiveAvgPool1d), [Required("output_size", 1)],
            (a, _) => nn.AdaptiveAvgPool1d(a.Sizes("output_size")[0])),
        new(nameof(AdaptiveAvgPool2d), [Required("output_size", 2)],
            (a, _) => nn.AdaptiveAvgPool2d(a.Sizes("output_size"))),
    ];

    private static LeafKind Max(string type, int rank, Func<LayerArguments, Placement, nn.Module<Tensor, Tensor>> make) =>
        new(type,
        [
            .. Windows(rank),
            new SizesArgument("dilation", rank) { Default = Enumerable.Repeat(1L, rank).ToArray() },
            new FlagArgument("return_indices", only: false) { Default = false },
            new FlagArgument("ceil_mode") { Default = false },
        ], make)
        { Check = Check };

    private static LeafKind Average(
        string type, int rank, Argument[] more, Func<LayerArguments, Placement, nn.Module<Tensor, Tensor>> make) => new(type,
        [
            .. Windows(rank),
            new FlagArgument("ceil_mode") { Default = false },
            new FlagArgument("count_include_pad") { Default = true },
            .. more,
        ], make)
        { Check = Check };

    private static Argument[] Windows(int rank) =>
    [
        Required("kernel_size", rank),
        new SizesArgument("stride", rank) { TakesNull = true },
        new SizesArgument("padding", rank, 0) { Default = new long[rank] },
    ];

    private static SizesArgument Required(string name, int rank) => new(name, rank) { IsRequired = true };

    private static (string, string)? Check(LayerArguments a) =>
        a.Sizes("padding").Zip(a.Sizes("kernel_size"), (padding, kernel) => 2 * padding > kernel).Any(tooLarge => tooLarge)
            ? ("padding", "must be half of kernel_size at most")
            : null;
}
