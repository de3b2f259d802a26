using ActorHutch.Curvature.Modules;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Models.Description;

/// <summary>The convolutions of <see cref="LayerTable"/>.</summary>
internal static class ConvolutionKinds
{
    /// <summary>Convolution along one dimension.</summary>
    public static LeafKind Conv1d { get; } = Kind(
        nameof(Conv1d), 1,
        (a, padding, to) => nn.Conv1d(
            a.Integer("in_channels"), a.Integer("out_channels"), a.Sizes("kernel_size")[0], padding,
            a.Sizes("stride")[0], a.Sizes("dilation")[0], PaddingModes.Zeros, a.Integer("groups"), a.Flag("bias"),
            to.Device, to.Dtype),
        (a, padding, to) => nn.Conv1d(
            a.Integer("in_channels"), a.Integer("out_channels"), a.Sizes("kernel_size")[0], a.Sizes("stride")[0],
            padding[0], a.Sizes("dilation")[0], PaddingModes.Zeros, a.Integer("groups"), a.Flag("bias"),
            to.Device, to.Dtype));

    /// <summary>Convolution along two dimensions.</summary>
    public static LeafKind Conv2d { get; } = Kind(
        nameof(Conv2d), 2,
        (a, padding, to) => nn.Conv2d(
            a.Integer("in_channels"), a.Integer("out_channels"), Pair(a.Sizes("kernel_size")), padding,
            Pair(a.Sizes("stride")), Pair(a.Sizes("dilation")), PaddingModes.Zeros, a.Integer("groups"), a.Flag("bias"),
            to.Device, to.Dtype),
        (a, padding, to) => nn.Conv2d(
            a.Integer("in_channels"), a.Integer("out_channels"), Pair(a.Sizes("kernel_size")), Pair(a.Sizes("stride")),
            Pair(padding), Pair(a.Sizes("dilation")), PaddingModes.Zeros, a.Integer("groups"), a.Flag("bias"),
            to.Device, to.Dtype));

    private static LeafKind Kind(
        string type, int rank, Func<LayerArguments, Padding, Placement, Convolution> named,
        Func<LayerArguments, long[], Placement, Convolution> sized)
    {
        long[] ones = [.. Enumerable.Repeat(1L, rank)];
        return new LeafKind(type,
        [
            new IntegerArgument("in_channels") { IsRequired = true },
            new IntegerArgument("out_channels") { IsRequired = true },
            new SizesArgument("kernel_size", rank) { IsRequired = true },
            new SizesArgument("stride", rank) { Default = ones },
            new SizesArgument("padding", rank, 0, "valid", "same") { Default = new long[rank] },
            new SizesArgument("dilation", rank) { Default = ones },
            new IntegerArgument("groups") { Default = 1L },
            new FlagArgument("bias") { Default = true },
            new WordArgument("padding_mode", "zeros", "reflect", "replicate", "circular") { Default = "zeros" },
        ], Make)
        {
            Check = Check,
            Size = a => a.Integer("out_channels")
                * (a.Sizes("kernel_size").Aggregate((double)a.Integer("in_channels") / a.Integer("groups"), (n, size) => n * size)
                    + (a.Flag("bias") ? 1 : 0)),
        };

        nn.Module<Tensor, Tensor> Make(LayerArguments a, Placement to)
        {
            string? word = a.Word("padding");
            if (Mode(a) is not PaddingModes.Zeros and var mode)
            {
                long[]? padding = word switch { null => a.Sizes("padding"), "same" => null, _ => new long[rank] };
                return new PaddedConvolution(sized(a, new long[rank], to), mode, padding);
            }

            return word is null ? sized(a, a.Sizes("padding"), to) : named(a, Named(word), to);
        }
    }

    private static (string, string)? Check(LayerArguments a)
    {
        foreach (string channels in (ReadOnlySpan<string>)["in_channels", "out_channels"])
        {
            if (a.Integer(channels) % a.Integer("groups") != 0)
                return ("groups", $"must divide {channels}, which is {a.Integer(channels)}");
        }

        return a.Word("padding") == "same" && a.Sizes("stride").Any(stride => stride != 1)
            ? ("padding", "must be numbers where stride is not 1")
            : null;
    }

    private static Padding Named(string word) => word == "same" ? Padding.Same : Padding.Valid;

    private static PaddingModes Mode(LayerArguments a) => a.Word("padding_mode") switch
    {
        "reflect" => PaddingModes.Reflect,
        "replicate" => PaddingModes.Replicate,
        "circular" => PaddingModes.Circular,
        _ => PaddingModes.Zeros,
    };

    private static (long, long) Pair(long[] sizes) => (sizes[0], sizes[1]);
}
