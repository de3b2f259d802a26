using ActorHutch.Curvature.Modules;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Models.Description;

/// <summary>
/// The layers that a description can name, with PyTorch's arguments and defaults: those that have a layer rule.
/// Reader, JSON schema and documentation all follow this table.
/// </summary>
internal static class LayerTable
{
    private const int Any = int.MinValue;

    /// <summary>All of them, sorted by name.</summary>
    public static IReadOnlyList<LayerKind> All { get; } = [.. Kinds().OrderBy(kind => kind.Type, StringComparer.Ordinal)];

    /// <summary>The kind of that name, or null.</summary>
    public static LayerKind? Find(string type) => All.FirstOrDefault(kind => kind.Type == type);

    private static IEnumerable<LayerKind> Kinds() => [.. Containers(), .. Weighted(), .. Poolings(), .. Others(), .. Elementwise()];

    private static IEnumerable<LayerKind> Containers() =>
    [
        new ContainerKind(nameof(Sequential), [ContainerKind.Main], lists => nn.Sequential(lists[0]!)),
        new ContainerKind(nameof(Residual), [ContainerKind.Main, "shortcut"], lists => new Residual(
        [
            ("body", nn.Sequential(lists[0]!)),
            ("shortcut", lists[1] is { } shortcut ? nn.Sequential(shortcut) : nn.Identity()),
        ])),
    ];

    private static IEnumerable<LayerKind> Weighted() =>
    [
        new LeafKind(nameof(Linear),
            [Size("in_features"), Size("out_features"), Flag("bias", true)],
            (a, to) => nn.Linear(
                a.Integer("in_features"), a.Integer("out_features"), a.Flag("bias"), to.Device, to.Dtype))
        {
            Size = a => a.Integer("out_features") * (a.Integer("in_features") + (a.Flag("bias") ? 1.0 : 0)),
        },
        ConvolutionKinds.Conv1d,
        ConvolutionKinds.Conv2d,
        new LeafKind(nameof(Embedding),
            [
                Size("num_embeddings"), Size("embedding_dim"), new IntegerArgument("padding_idx", Any, takesNull: true),
                new AbsentArgument("max_norm", "a bound on the norm changes the weights while they are used"),
                new NumberArgument("norm_type") { Default = 2.0 },
                new FlagArgument("scale_grad_by_freq", only: false) { Default = false },
                Flag("sparse", false),
            ],
            // Sparse gradients hold the same numbers, and cannot be differentiated again.
            (a, to) => nn.Embedding(
                a.Integer("num_embeddings"), a.Integer("embedding_dim"), PaddingRow(a), device: to.Device, dtype: to.Dtype))
        {
            Size = a => (double)a.Integer("num_embeddings") * a.Integer("embedding_dim"),
            Check = a => PaddingRow(a) is { } row && (row < 0 || row >= a.Integer("num_embeddings"))
                ? ("padding_idx", $"must be a row of the {a.Integer("num_embeddings")} that there are")
                : null,
        },
        Normalization(nameof(BatchNorm1d), (a, to) => nn.BatchNorm1d(
            a.Integer("num_features"), a.Number("eps"), affine: a.Flag("affine"),
            track_running_stats: a.Flag("track_running_stats"), device: to.Device, dtype: to.Dtype)),
        Normalization(nameof(BatchNorm2d), (a, to) => nn.BatchNorm2d(
            a.Integer("num_features"), a.Number("eps"), affine: a.Flag("affine"),
            track_running_stats: a.Flag("track_running_stats"), device: to.Device, dtype: to.Dtype)),
        new LeafKind(nameof(LayerNorm),
            [
                new ShapeArgument("normalized_shape") { IsRequired = true }, Epsilon(),
                Flag("elementwise_affine", true), Flag("bias", true),
            ],
            (a, to) => nn.LayerNorm(
                a.Sizes("normalized_shape"), a.Number("eps"), a.Flag("elementwise_affine"), a.Flag("bias"),
                to.Device, to.Dtype))
        {
            Size = a => a.Flag("elementwise_affine") ? 2 * a.Sizes("normalized_shape").Aggregate(1.0, (n, size) => n * size) : 0,
        },
    ];

    private static IEnumerable<LayerKind> Poolings() => PoolingKinds.All;

    private static IEnumerable<LayerKind> Others() =>
    [
        new LeafKind(nameof(Flatten),
            [new IntegerArgument("start_dim", Any) { Default = 1L }, new IntegerArgument("end_dim", Any) { Default = -1L }],
            (a, _) => nn.Flatten(a.Integer("start_dim"), a.Integer("end_dim"))),
        new LeafKind(nameof(Identity), [], (_, _) => nn.Identity()),
        new LeafKind(nameof(Dropout), [Probability(), InPlace()], (a, _) => nn.Dropout(a.Number("p"))),
        new LeafKind(nameof(Dropout1d), [Probability(), InPlace()], (a, _) => new Dropout1dOfBothRanks(a.Number("p"))),
        new LeafKind(nameof(Dropout2d), [Probability(), InPlace()], (a, _) => nn.Dropout2d(a.Number("p"))),
    ];

    private static IEnumerable<LayerKind> Elementwise() =>
    [
        new LeafKind(nameof(CELU), [Number("alpha", 1), InPlace()], (a, _) => nn.CELU(a.Number("alpha")))
        {
            Check = a => NotZero(a, "alpha"),
        },
        new LeafKind(nameof(ELU), [Number("alpha", 1), InPlace()], (a, _) => nn.ELU(a.Number("alpha"))),
        new LeafKind(nameof(GELU),
            [new WordArgument("approximate", "none", "tanh") { Default = "none" }],
            (a, _) => nn.GELU(a.Word("approximate") == "tanh" ? GELU.Approximate.tanh : GELU.Approximate.none)),
        new LeafKind(nameof(Hardsigmoid), [InPlace()], (_, _) => new HardsigmoidByParts()),
        new LeafKind(nameof(Hardswish), [InPlace()], (_, _) => nn.Hardswish()),
        new LeafKind(nameof(Hardtanh),
            [Number("min_val", -1), Number("max_val", 1), InPlace()],
            (a, _) => new HardtanhOfCopy(a.Number("min_val"), a.Number("max_val")))
        {
            Check = a => a.Number("min_val") < a.Number("max_val") ? null : ("max_val", "must be larger than min_val"),
        },
        new LeafKind(nameof(LeakyReLU),
            [Number("negative_slope", 0.01), InPlace()], (a, _) => nn.LeakyReLU(a.Number("negative_slope"))),
        new LeafKind(nameof(LogSigmoid), [], (_, _) => nn.LogSigmoid()),
        new LeafKind(nameof(Mish), [InPlace()], (_, _) => nn.Mish()),
        new LeafKind(nameof(ReLU), [InPlace()], (_, _) => nn.ReLU()),
        new LeafKind(nameof(ReLU6), [InPlace()], (_, _) => nn.ReLU6()),
        new LeafKind(nameof(SELU), [InPlace()], (_, _) => nn.SELU()),
        new LeafKind(nameof(SiLU), [InPlace()], (_, _) => nn.SiLU()),
        new LeafKind(nameof(Sigmoid), [], (_, _) => nn.Sigmoid()),
        new LeafKind(nameof(Softplus),
            [Number("beta", 1), Number("threshold", 20)],
            (a, _) => nn.Softplus(a.Number("beta"), a.Number("threshold")))
        {
            Check = a => NotZero(a, "beta"),
        },
        new LeafKind(nameof(Softsign), [], (_, _) => nn.Softsign()),
        new LeafKind(nameof(Tanh), [], (_, _) => nn.Tanh()),
        new LeafKind(nameof(Tanhshrink), [], (_, _) => nn.Tanhshrink()),
    ];

    private static LeafKind Normalization(
        string type, Func<LayerArguments, Placement, nn.Module<Tensor, Tensor>> make) => new(type,
        [
            Size("num_features"), Epsilon(),
            // For training only: null is PyTorch's cumulative average.
            new NumberArgument("momentum", takesNull: true) { Default = 0.1 },
            Flag("affine", true), Flag("track_running_stats", true),
        ], (a, to) => a.Flag("track_running_stats") ? make(a, to) : OfSeveral(make(a, to)))
        {
            Size = a => a.Flag("affine") ? 2.0 * a.Integer("num_features") : 0,
        };

    /// <summary>A layer that refuses a batch with one number a channel, of which there is no variance; TorchSharp's does not.</summary>
    private static nn.Module<Tensor, Tensor> OfSeveral(nn.Module<Tensor, Tensor> norm)
    {
        norm.register_forward_pre_hook((_, input) => input.dim() < 2 || input.numel() > input.shape[1]
            ? input
            : throw new ArgumentException("Expected more than 1 value per channel where no running statistics are tracked."));
        return norm;
    }

    private static long? PaddingRow(LayerArguments a) => a.IntegerOrNull("padding_idx") is { } row && row < 0
        ? row + a.Integer("num_embeddings")
        : a.IntegerOrNull("padding_idx");

    private static (string, string)? NotZero(LayerArguments a, string name) =>
        a.Number(name) == 0 ? (name, "must not be 0") : null;

    private static IntegerArgument Size(string name) => new(name) { IsRequired = true };

    private static FlagArgument Flag(string name, bool standard) => new(name) { Default = standard };

    private static NumberArgument Number(string name, double standard) => new(name) { Default = standard };

    private static NumberArgument Epsilon() => new("eps", least: 0) { Default = 1e-5 };

    private static NumberArgument Probability() => new("p", least: 0, most: 1) { Default = 0.5 };

    /// <summary>Where the result is written changes no number, so layers are always made without it.</summary>
    private static FlagArgument InPlace() => Flag("inplace", false);
}
