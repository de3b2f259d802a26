using ActorHutch.Curvature.Data;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Tests.Data;

/// <summary>Numbers that spoil every result are found before anything is computed.</summary>
public sealed class CheckFiniteTests : DataFolder
{
    private static readonly Element Int64 = Element.All["I64"];

    [Theory]
    [InlineData("F16")]
    [InlineData("BF16")]
    [InlineData("F32")]
    [InlineData("F64")]
    public void NaN_and_infinities_of_every_float(string type)
    {
        var element = Element.All[type];
        double[] inputs = [1, 2, 3, 4, 5, double.NegativeInfinity, 7, double.NaN];

        using var data = Open(element, inputs, [0, 1]);

        Rejected.Saying(
            "array inputs: 2 NaN or infinite numbers in 2 samples; the first is -Infinity in sample 1 at [0, 1], counted from 0",
            () => data.CheckFinite(ScalarType.Float64));
    }

    [Fact]
    public void Only_the_samples_that_are_used()
    {
        double[] inputs = [double.NaN, 2, 3, 4, 5, 6, double.NaN, 8];
        string path = File(Element.All["F32"], inputs, [-1, 1, 0, -100], [4, 2]);
        using var rest = Dataset.Open(new DatasetFiles(path), new DatasetOptions { Offset = 1 });
        using var middle = Dataset.Open(new DatasetFiles(path), new DatasetOptions { Offset = 1, Samples = 2 });

        Rejected.Saying("1 NaN or infinite numbers in 3 samples; the first is NaN in sample 3 at [0]", () => Check(rest));
        middle.CheckFinite(ScalarType.Float32);
    }

    [Fact]
    public void A_number_that_overflows_the_computation_s_type()
    {
        using var data = Open(Element.All["F64"], [1, 2, 3, 4, 5, 6, 1e300, 8], [0, 1]);
        data.CheckFinite(ScalarType.Float64);
        Rejected.Saying("the first is Infinity in sample 1 at [1, 0]", () => data.CheckFinite(ScalarType.Float32));
    }

    [Fact]
    public void Targets_that_are_floats()
    {
        string path = Write("a", Written.Safetensors(
            ("inputs", Int64, [3], [-1, 2, 3]), ("targets", Element.All["F32"], [3, 1], [1, -1, double.NaN])));
        using var data = Dataset.Open(new DatasetFiles(path));
        Rejected.Saying(
            "array targets: 1 NaN or infinite numbers in 3 samples; the first is NaN in sample 2 at [0]", () => Check(data));
    }

    [Fact]
    public void Anywhere_in_more_than_one_piece()
    {
        const int Samples = 700_000;
        double[] inputs = new double[4 * Samples];
        inputs[(4 * 650_000) + 2] = double.NaN;
        inputs[^1] = double.NaN;
        string path = File(Element.All["F32"], inputs, new double[Samples], [Samples, 2, 2]);
        using var data = Dataset.Open(new DatasetFiles(path));
        Rejected.Saying("2 NaN or infinite numbers in 700000 samples; the first is NaN in sample 650000 at [1, 0]",
            () => Check(data));
    }

    private static void Check(Dataset data) => data.CheckFinite(ScalarType.Float32);

    private Dataset Open(Element element, double[] inputs, double[] targets) =>
        Dataset.Open(new DatasetFiles(File(element, inputs, targets, [2, 2, 2])));

    private string File(Element element, double[] inputs, double[] targets, long[] shape) => Write(
        "a", Written.Safetensors(("inputs", element, shape, inputs), ("targets", Int64, [shape[0]], targets)));
}
