using ActorHutch.Curvature.Data.Arrays;
using ActorHutch.Curvature.Data.Bytes;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Data;

/// <summary>
/// Samples in files: inputs and targets, whose first dimension counts them, read a range at a time. An instance belongs
/// to one thread at a time.
/// </summary>
/// <remarks>
/// <para>Inputs become what a model takes:</para>
/// <list type="bullet">
/// <item>floats and booleans become the type of the computation; they are scaled and then normalised where that is asked
/// for;</item>
/// <item>integers of whatever width become int64, the indices of an embedding, or whatever else the model makes of them;
/// where a scale or normalisation is asked for, they become real numbers first;</item>
/// <item>the bytes of IDX, in which images come, become x / 255, as torchvision's ToTensor has it, unless another scale
/// is asked for.</item>
/// </list>
/// <para>
/// Targets that are integers become int64, the classes; floats and booleans become the type of the computation. All of
/// it is computed on the CPU, so that every worker has the same bits, and then moved.
/// </para>
/// </remarks>
public sealed class Dataset : ISamples, IDisposable
{
    /// <summary>The name under which a file says which loss its targets are for, such as <c>cross-entropy</c>.</summary>
    public const string LossName = "actorhutch.loss";

    /// <summary>What the names begin with under which it says more of that loss, such as <c>actorhutch.loss.label-smoothing</c>.</summary>
    public const string LossArgumentPrefix = LossName + ".";

    private const long ShownTargets = 1000;

    /// <summary>As far as probabilities are from a sum of 1 that were rounded to float32, or printed.</summary>
    private const double RoundedSum = 1e-4;

    private readonly ArrayFile[] _files;
    private readonly StoredArray _targets;

    private Dataset(ArrayFile[] files, DatasetOptions options)
    {
        _files = files;
        try
        {
            Inputs = FindInputs(files[0], options, isShared: files.Length == 1);
            (_targets, TargetsPlace) = Find(files[^1], "targets", isShared: files.Length == 1);
            NamedLoss = files[^1].Metadata.GetValueOrDefault(LossName);
            NamedLossArguments = files[^1].Metadata
                .Where(pair => pair.Key.StartsWith(LossArgumentPrefix, StringComparison.Ordinal))
                .ToDictionary(pair => pair.Key[LossArgumentPrefix.Length..], pair => pair.Value, StringComparer.Ordinal);
            Offset = options.Offset;
            SampleCount = Count(options);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The first sample that is used, counted from 0 in the files.</summary>
    public long Offset { get; }

    /// <summary>How many samples are used.</summary>
    public long SampleCount { get; }

    /// <summary>How many samples the files hold.</summary>
    public long StoredCount => Inputs[0].StoredCount;

    /// <summary>What the model takes, in its order.</summary>
    public IReadOnlyList<DataInput> Inputs { get; }

    /// <summary>One target's shape; empty for a class.</summary>
    public IReadOnlyList<long> TargetShape => [.. _targets.Shape.Skip(1)];

    /// <summary>The type of the targets in their file.</summary>
    public ScalarType TargetDtype => _targets.Dtype;

    /// <summary>Targets are read as int64, rather than as numbers of the computation's type.</summary>
    public bool TargetsAreClasses => IsInteger(TargetDtype);

    /// <summary>The loss that the targets' file says they are for, in its own word; null where it says nothing.</summary>
    public string? NamedLoss { get; }

    /// <summary>What that file says of it beside its name, such as <c>label-smoothing</c>.</summary>
    public IReadOnlyDictionary<string, string> NamedLossArguments { get; }

    /// <summary>What messages call the targets.</summary>
    internal string TargetsPlace { get; }

    /// <summary>Opens the files, and finds inputs and targets in them.</summary>
    /// <exception cref="CurvatureException">
    /// A file or an array is missing or damaged, inputs and targets differ in number, or the samples asked for are not
    /// there.
    /// </exception>
    public static Dataset Open(DatasetFiles files, DatasetOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(files);
        return Open(ArrayFiles.Open(files.Inputs), files.Targets is { } targets ? () => ArrayFiles.Open(targets) : null, options);
    }

    /// <summary>The same for files that were hashed; they stay the caller's, and must be open as long as samples are read.</summary>
    /// <param name="inputs">The file of the inputs.</param>
    /// <param name="targets">The file of the targets; null where both are in one file.</param>
    /// <param name="options">Which samples.</param>
    /// <exception cref="CurvatureException">As above.</exception>
    public static Dataset Open(HashedFile inputs, HashedFile? targets = null, DatasetOptions? options = null) =>
        Open(ArrayFiles.Open(inputs), targets is null ? null : () => ArrayFiles.Open(targets), options);

    /// <summary>The samples <paramref name="first"/>, …, counted from 0 at <see cref="Offset"/>.</summary>
    /// <param name="first">The first sample.</param>
    /// <param name="count">How many.</param>
    /// <param name="dtype">The computation's type: float32 or float64.</param>
    /// <param name="device">Where they are put.</param>
    /// <returns>Inputs and targets, <c>[count, …]</c> each. The caller disposes of both.</returns>
    /// <exception cref="CurvatureException">A file cannot be read.</exception>
    public (ModelInputs Inputs, Tensor Targets) Read(long first, long count, ScalarType dtype, Device device)
    {
        using var scope = NewDisposeScope();
        Tensor[] inputs = [.. Inputs.Select(input => ReadInput(input, first, count, dtype).to(device).MoveToOuterDisposeScope())];
        var targets = ReadTargets(first, count, dtype).to(device);
        return (new ModelInputs(inputs), targets.MoveToOuterDisposeScope());
    }

    /// <summary>
    /// Looks through all samples that are used, a piece at a time, for numbers that spoil every result.
    /// </summary>
    /// <param name="dtype">The computation's type: a number that overflows it is an infinity.</param>
    /// <exception cref="CurvatureException">
    /// There are NaN or infinite numbers, or negative classes: how many, and where the first one is.
    /// </exception>
    public void CheckFinite(ScalarType dtype) => CheckFinite(0, SampleCount, dtype);

    /// <inheritdoc/>
    public void CheckFinite(long first, long count, ScalarType dtype) => new SampleCheck(this, first, count, dtype).Run();

    /// <summary>
    /// Whether the first targets look like probabilities of classes, <c>[N, C, …]</c>: real numbers, none below 0, that sum
    /// to 1 over the classes.
    /// </summary>
    public bool TargetsLookLikeProbabilities()
    {
        if (TargetsAreClasses || TargetShape.Count == 0 || TargetShape[0] < 2) return false;
        using var scope = NewDisposeScope();
        using TorchSharp.Scalar zero = 0, one = 1, rounded = RoundedSum;
        var targets = ReadTargets(0, Math.Min(SampleCount, ShownTargets), ScalarType.Float64);
        var far = targets.sum(1).sub(one).abs().gt(rounded);
        return targets.lt(zero).count_nonzero().item<long>() == 0 && far.count_nonzero().item<long>() == 0;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var file in _files) file.Dispose();
    }

    /// <summary>One of the inputs, on the CPU.</summary>
    internal Tensor ReadInput(DataInput input, long first, long count, ScalarType dtype)
    {
        CheckRange(first, count, dtype);
        return input.Read(Offset + first, count, dtype);
    }

    /// <summary>Targets on the CPU.</summary>
    internal Tensor ReadTargets(long first, long count, ScalarType dtype)
    {
        CheckRange(first, count, dtype);
        using var scope = NewDisposeScope();
        var stored = _targets.Read(Offset + first, count);
        return stored.to(TargetsAreClasses ? ScalarType.Int64 : dtype).MoveToOuterDisposeScope();
    }

    private void CheckRange(long first, long count, ScalarType dtype)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(first);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(first, SampleCount - count);
        if (dtype is not (ScalarType.Float32 or ScalarType.Float64))
            throw new ArgumentException($"Curvature is computed in Float32 or Float64, not in {dtype}.", nameof(dtype));
    }

    private static Dataset Open(ArrayFile inputs, Func<ArrayFile>? targets, DatasetOptions? options)
    {
        ArrayFile[] files;
        try
        {
            files = targets is null ? [inputs] : [inputs, targets()];
        }
        catch
        {
            inputs.Dispose();
            throw;
        }

        return new Dataset(files, options ?? new DatasetOptions());
    }

    /// <summary>The array "inputs", or one by the name of each of the model's inputs.</summary>
    private static DataInput[] FindInputs(ArrayFile file, DatasetOptions options, bool isShared)
    {
        if (options.Inputs is null or { Count: 1 })
        {
            var (array, place) = Find(file, "inputs", isShared);
            return [new DataInput(array, place, options.Inputs?[0].Dtype, options)];
        }

        if (options.Scale is not null || MeanAndDeviation.Of(options) is not null)
            throw new CurvatureException($"{file.Path}: the model takes {options.Inputs.Count} inputs, and they are not scaled or normalised: store them as the model takes them.");
        return [.. options.Inputs.Select(input =>
        {
            var (array, place) = Find(file, input.Name, isShared: true);
            return new DataInput(array, place, input.Dtype, options);
        })];
    }

    private static (StoredArray Array, string Place) Find(ArrayFile file, string name, bool isShared)
    {
        string path = file.Path;
        var named = file.Arrays.FirstOrDefault(array => array.Name == name);
        var found = named ?? (!isShared && file.Arrays.Count == 1 ? file.Arrays[0] : null);
        if (found is null) throw new CurvatureException($"{path}: {Missing(file, name, isShared)}");

        string place = found.Name.Length == 0 ? path : $"{path}, array {found.Name}";
        return found.Shape.Count > 0
            ? (found, place)
            : throw new CurvatureException(
                $"{place}: it is a single number; the first dimension of {name} counts samples.");
    }

    private static string Missing(ArrayFile file, string name, bool isShared)
    {
        const int Shown = 20;
        if (file.Arrays is [{ Name: "" }])
            return $"it holds one array without a name, so name the file of the {name} as well.";
        string names = file.Arrays.Count == 0
            ? "none"
            : string.Join(", ", file.Arrays.Take(Shown).Select(array => array.Name));
        if (file.Arrays.Count > Shown) names += ", …";
        return $"it has no array called {name}; its arrays are: {names}. Call one of them so"
            + (isShared ? ", or name a file of inputs and one of targets." : ", or name a file of one array.");
    }

    private long Count(DatasetOptions options)
    {
        long stored = StoredCount;
        if (Inputs.FirstOrDefault(input => input.StoredCount != stored) is { } other)
            throw new CurvatureException($"{Inputs[0].Place} has {stored} samples, and {other.Place} has {other.StoredCount}.");
        if (_targets.Shape[0] != stored)
        {
            throw new CurvatureException($"{Inputs[0].Place} has {stored} inputs, and {TargetsPlace} has {_targets.Shape[0]} "
                + "targets: there must be one target for each sample.");
        }

        if (stored == 0)
        {
            throw new CurvatureException(
                $"{Inputs[0].Place}: it has no samples; its shape is {ArrayShape.Text([0, .. Inputs[0].Shape])}.");
        }

        if (options.Offset < 0 || options.Offset >= stored)
        {
            throw new CurvatureException(
                $"{Inputs[0].Place}: it has {stored} samples, so the offset is 0 to {stored - 1}, not {options.Offset}.");
        }

        long rest = stored - options.Offset;
        long samples = options.Samples ?? rest;
        return samples >= 1 && samples <= rest
            ? samples
            : throw new CurvatureException($"{Inputs[0].Place}: {samples} samples are asked for from sample {options.Offset} "
                + $"on; it has {stored}, which leaves 1 to {rest}.");
    }

    internal static bool IsInteger(ScalarType dtype) =>
        dtype is ScalarType.Byte or ScalarType.Int8 or ScalarType.Int16 or ScalarType.Int32 or ScalarType.Int64;
}
