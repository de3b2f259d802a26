using ActorHutch.Curvature.Data;
using ActorHutch.Curvature.Data.Arrays;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Tests.Data;

/// <summary>Samples from files, as a model takes them.</summary>
public sealed class DatasetTests : DataFolder
{
    private static readonly Element Float32 = Element.All["F32"];
    private static readonly Element UInt8 = Element.All["U8"];
    private static readonly Element Int64 = Element.All["I64"];
    private static readonly double[] Numbers = [1, 2, 3, 4, 5, 6, 7, 8];

    [Fact]
    public void From_one_npz_file()
    {
        using var data = Open(Write("a.npz", WrittenZip.Stored(
            ("targets.npy", Written.Npy(Int64, [4], [3, 2, 1, 0])), ("inputs.npy", Written.Npy(Float32, [4, 2], Numbers)))));

        Assert.Equal((4, 4, 0), (data.SampleCount, data.StoredCount, data.Offset));
        Assert.Equal([2], data.Inputs[0].Shape);
        Assert.Empty(data.TargetShape);
        Assert.Equal((ScalarType.Float32, ScalarType.Int64), (data.Inputs[0].Dtype, data.TargetDtype));
        Assert.True(data.TargetsAreClasses);
        Assert.False(data.Inputs[0].IsIndices);
        Has(data, Numbers, ScalarType.Float64, [3, 2, 1, 0], ScalarType.Int64);
    }

    [Fact]
    public void From_one_safetensors_file()
    {
        using var data = Open(Together());
        Has(data, Numbers, ScalarType.Float64, [3, 2, 1, 0], ScalarType.Int64);
    }

    [Theory]
    [InlineData(new double[] { 0.5, 0.5, 1, 0, 0, 1, 0.25, 0.75 }, true)]
    [InlineData(new double[] { 0.5, 0.5, 1, 0, 0, 1, 0.25, 0.5 }, false)]
    [InlineData(new double[] { 0.5, 0.5, 1, 0, 0, 1, -0.25, 1.25 }, false)]
    public void Targets_that_look_like_probabilities(double[] targets, bool expected)
    {
        using var data = Open(Write("a.npz", WrittenZip.Stored(
            ("targets.npy", Written.Npy(Float32, [4, 2], targets)), ("inputs.npy", Written.Npy(Float32, [4, 2], Numbers)))));
        using var ones = Open(Write("b.npz", WrittenZip.Stored(
            ("targets.npy", Written.Npy(Float32, [8, 1], [1, 1, 1, 1, 1, 1, 1, 1])), ("inputs.npy", Written.Npy(Float32, [8], Numbers)))));

        Assert.Equal(expected, data.TargetsLookLikeProbabilities());
        Assert.Null(data.NamedLoss);
        // One score is no choice of classes, and class numbers are no probabilities.
        Assert.False(ones.TargetsLookLikeProbabilities());
        using var classes = Open(Together());
        Assert.False(classes.TargetsLookLikeProbabilities());
    }

    [Fact]
    public void From_two_files_without_names()
    {
        using var data = Open(
            Write("x.gz", Written.Gzip(Written.Idx(Float32, [4, 2], Numbers))), Write("y", Written.Idx(UInt8, [4], [3, 2, 1, 0])));
        Has(data, Numbers, ScalarType.Float64, [3, 2, 1, 0], ScalarType.Int64);
    }

    [Fact]
    public void From_two_files_of_one_array_or_of_several()
    {
        string inputs = Write("x", Written.Safetensors(("pixels", Float32, [4, 2], Numbers)));
        using var data = Open(inputs, Together());
        Has(data, Numbers, ScalarType.Float64, [3, 2, 1, 0], ScalarType.Int64);
    }

    [Fact]
    public void A_range_of_the_samples_from_an_offset_on()
    {
        using var scope = NewDisposeScope();
        using var data = Dataset.Open(new DatasetFiles(Together()), new DatasetOptions { Offset = 1, Samples = 2 });
        Assert.Equal((2, 4, 1), (data.SampleCount, data.StoredCount, data.Offset));
        Has(data, Numbers[2..6], ScalarType.Float32, [2, 1], ScalarType.Int64);

        var (inputs, targets) = data.Read(1, 1, ScalarType.Float32, CPU);

        Assert.Equal([1, 2], inputs[0].shape);
        Assert.Equal([5, 6], Reading.Numbers(inputs[0]));
        Assert.Equal([1], Reading.Numbers(targets));
        Assert.Throws<ArgumentOutOfRangeException>(() => data.Read(1, 2, ScalarType.Float32, CPU));
        Assert.Throws<ArgumentOutOfRangeException>(() => data.Read(-1, 1, ScalarType.Float32, CPU));
    }

    [Fact]
    public void Only_in_a_type_that_curvature_is_computed_in()
    {
        using var data = Open(Together());
        Assert.Throws<ArgumentException>(() => data.Read(0, 1, ScalarType.Float16, CPU));
    }

    [Fact]
    public void Bytes_of_IDX_are_divided_by_255_and_then_normalised()
    {
        double[] pixels = [0, 51, 102, 255];
        string inputs = Write("x", Written.Idx(UInt8, [4], pixels));
        string targets = Write("y", Written.Idx(UInt8, [4], [0, 0, 0, 0]));

        using var plain = Open(inputs, targets);
        using var normalised = Dataset.Open(
            new DatasetFiles(inputs, targets), new DatasetOptions { Mean = 0.1307, Deviation = 0.3081 });

        Assert.False(plain.Inputs[0].IsIndices);
        Assert.Equal(pixels.Select(x => x / 255), Inputs(plain, ScalarType.Float64));
        Assert.Equal(pixels.Select(x => ((x / 255) - 0.1307) / 0.3081), Inputs(normalised, ScalarType.Float64));
        Assert.Equal(
            pixels.Select(x => (double)((((float)x / 255f) - 0.1307f) / 0.3081f)), Inputs(normalised, ScalarType.Float32));
    }

    /// <summary>The same bits as those of IDX's bytes.</summary>
    [Fact]
    public void Bytes_of_other_formats_are_scaled_where_that_is_asked_for_and_normalised_only_then()
    {
        double[] pixels = [0, 51, 102, 255];
        string inputs = Write("x", Written.Npy(UInt8, [4], pixels));
        string targets = Write("y", Written.Idx(UInt8, [4], [0, 0, 0, 0]));
        Dataset Opened(InputScale? scale, double? mean = null) => Dataset.Open(
            new DatasetFiles(inputs, targets), new DatasetOptions { Scale = scale, Mean = mean, Deviation = mean is null ? null : 0.3081 });

        using var plain = Opened(null);
        using var scaled = Opened(InputScale.OfBytes);
        using var halved = Opened(new InputScale(0.5));
        using var normalised = Opened(InputScale.OfBytes, 0.1307);
        using var shades = Opened(new InputScale(1), 0.1307);

        Assert.True(plain.Inputs[0].IsIndices);
        Has(plain, pixels, ScalarType.Int64, [0, 0, 0, 0], ScalarType.Int64);
        Assert.Equal(pixels.Select(x => x / 255), Inputs(scaled, ScalarType.Float64));
        Assert.Equal(pixels.Select(x => x / 2), Inputs(halved, ScalarType.Float64));
        Assert.Equal(
            pixels.Select(x => (double)((((float)x / 255f) - 0.1307f) / 0.3081f)), Inputs(normalised, ScalarType.Float32));
        Assert.Equal(pixels.Select(x => (x - 0.1307) / 0.3081), Inputs(shades, ScalarType.Float64));
        Rejected.Saying("its inputs are bytes, and whether they are shades from 0 to 255", () => Opened(null, 0.1307));
    }

    [Theory]
    [InlineData("1/255", 1, 255)]
    [InlineData(" 2 / 3 ", 2, 3)]
    [InlineData("0.25", 0.25, 1)]
    [InlineData("1e-2", 0.01, 1)]
    public void A_scale_is_a_number_or_a_fraction(string text, double factor, double divisor)
    {
        Assert.True(InputScale.TryParse(text, out var scale));
        Assert.Equal(new InputScale(factor, divisor), scale);
        Assert.True(InputScale.TryParse(scale.ToString(), out var again));
        Assert.Equal(scale, again);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("1/")]
    [InlineData("1/0")]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("1/2/3")]
    [InlineData("NaN")]
    [InlineData("1/Infinity")]
    [InlineData("ToTensor")]
    public void What_is_no_scale(string? text) => Assert.False(InputScale.TryParse(text, out _));

    [Fact]
    public void A_scale_that_is_none() => Rejected.Saying(
        "The scale of the inputs is 0: it must be a number or a fraction above 0",
        () => Dataset.Open(new DatasetFiles(Together()), new DatasetOptions { Scale = new InputScale(0) }));

    [Theory]
    [InlineData("I8")]
    [InlineData("I16")]
    [InlineData("I32")]
    [InlineData("I64")]
    [InlineData("U16")]
    public void Integers_are_indices_unless_they_are_normalised(string type)
    {
        string inputs = Write("x", Written.Safetensors(("x", Element.All[type], [2, 2], [0, 5, 7, 100])));
        string targets = Write("y", Written.Idx(UInt8, [2], [0, 1]));

        using var indices = Open(inputs, targets);
        using var shifted = Dataset.Open(new DatasetFiles(inputs, targets), new DatasetOptions { Mean = 5 });
        using var scaled = Dataset.Open(new DatasetFiles(inputs, targets), new DatasetOptions { Deviation = 2 });

        Assert.True(indices.Inputs[0].IsIndices);
        Has(indices, [0, 5, 7, 100], ScalarType.Int64, [0, 1], ScalarType.Int64);
        Assert.False(shifted.Inputs[0].IsIndices);
        Has(shifted, [-5, 0, 2, 95], ScalarType.Float64, [0, 1], ScalarType.Int64);
        Has(scaled, [0, 2.5, 3.5, 50], ScalarType.Float64, [0, 1], ScalarType.Int64);
    }

    [Theory]
    [InlineData("F16")]
    [InlineData("BF16")]
    [InlineData("F32")]
    [InlineData("F64")]
    [InlineData("BOOL")]
    public void Floats_and_booleans_get_the_computation_s_type(string type)
    {
        double[] values = [0, 1, 1, 0];
        using var data = Open(Write("a", Written.Safetensors(
            ("inputs", Element.All[type], [2, 2], values), ("targets", Element.All[type], [2, 2], values))));

        Assert.False(data.TargetsAreClasses);
        Assert.Equal([2], data.TargetShape);
        Has(data, values, ScalarType.Float32, values, ScalarType.Float32);
        Has(data, values, ScalarType.Float64, values, ScalarType.Float64);
    }

    [Fact]
    public void As_many_targets_as_inputs() => Rejected.Saying(
        "has 3 targets: there must be one target for each sample",
        () => Open(Write("x", Written.Idx(UInt8, [4, 1], [1, 2, 3, 4])), Write("y", Written.Idx(UInt8, [3], [1, 2, 3]))));

    [Fact]
    public void No_samples() => Rejected.Saying(
        "it has no samples; its shape is [0, 4]",
        () => Open(Write("x", Written.Idx(UInt8, [0, 4], [])), Write("y", Written.Idx(UInt8, [0], []))));

    [Theory]
    [InlineData(4, null, "4 samples, so the offset is 0 to 3, not 4")]
    [InlineData(-1, null, "4 samples, so the offset is 0 to 3, not -1")]
    [InlineData(1, 4L, "4 samples are asked for from sample 1 on; it has 4, which leaves 1 to 3")]
    [InlineData(1, 0L, "0 samples are asked for")]
    [InlineData(0, -1L, "-1 samples are asked for")]
    [InlineData(3, long.MaxValue, "it has 4, which leaves 1 to 1")]
    public void Samples_that_are_not_there(long offset, long? samples, string text) => Rejected.Saying(
        text,
        () => Dataset.Open(new DatasetFiles(Together()), new DatasetOptions { Offset = offset, Samples = samples }));

    [Theory]
    [InlineData(double.NaN, 1, "mean to normalise by is NaN")]
    [InlineData(0, 0, "deviation to normalise by is 0")]
    [InlineData(0, -1, "deviation to normalise by is -1")]
    [InlineData(0, double.PositiveInfinity, "finite and above 0")]
    public void A_normalisation_by_nothing(double mean, double deviation, string text) => Rejected.Saying(
        text,
        () => Dataset.Open(new DatasetFiles(Together()), new DatasetOptions { Mean = mean, Deviation = deviation }));

    [Fact]
    public void An_array_that_is_missing()
    {
        string other = Write("a", Written.Safetensors(("x", UInt8, [1], [1]), ("targets", UInt8, [1], [1])));
        Rejected.Saying("no array called inputs; its arrays are: x, targets.", () => Open(other));
        Rejected.Saying("no array called inputs; its arrays are: x, targets.", () => Open(other, other));

        string none = Write("b", Written.Safetensors("{}", []));
        Rejected.Saying("no array called inputs; its arrays are: none", () => Open(none));

        string nameless = Write("c", Written.Idx(UInt8, [1], [1]));
        Rejected.Saying("one array without a name, so name the file of the inputs", () => Open(nameless));
    }

    [Fact]
    public void A_single_number()
    {
        string number = Write("a.npy", Written.Npy(UInt8, [], [1]));
        Rejected.Saying("single number; the first dimension of inputs counts samples", () => Open(number, number));
    }

    [Fact]
    public void A_second_file_that_is_missing_leaves_the_first_one_closed()
    {
        string inputs = Write("x", Written.Idx(UInt8, [1], [1]));
        Rejected.Saying("no such file", () => Open(inputs, Path("nothing")));
        using var alone = new FileStream(inputs, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
    }

    private string Together() => Write(
        "together", Written.Safetensors(("inputs", Float32, [4, 2], Numbers), ("targets", Int64, [4], [3, 2, 1, 0])));

    private static Dataset Open(string inputs, string? targets = null) => Dataset.Open(new DatasetFiles(inputs, targets));

    private static double[] Inputs(Dataset data, ScalarType dtype)
    {
        using var scope = NewDisposeScope();
        return Reading.Numbers(data.Read(0, data.SampleCount, dtype, CPU).Inputs[0]);
    }

    /// <summary>All samples are these; numbers of the computation's type where that is float32 or float64.</summary>
    private static void Has(
        Dataset data, double[] inputs, ScalarType inputDtype, double[] targets, ScalarType targetDtype)
    {
        using var scope = NewDisposeScope();
        var dtype = inputDtype is ScalarType.Int64 ? ScalarType.Float32 : inputDtype;
        var (x, y) = data.Read(0, data.SampleCount, dtype, CPU);
        Assert.Equal((inputDtype, targetDtype), (x[0].dtype, y.dtype));
        Assert.Equal([data.SampleCount, .. data.Inputs[0].Shape], x[0].shape);
        Assert.Equal([data.SampleCount, .. data.TargetShape], y.shape);
        Assert.Equal(inputs, Reading.Numbers(x[0]));
        Assert.Equal(targets, Reading.Numbers(y));
    }
}
