using ActorHutch.Curvature.Models;
using ActorHutch.Curvature.Tests.Cases;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Tests.Models;

/// <summary>Weights by name, all of them or none.</summary>
public sealed class StateDictTests
{
    [Fact]
    public void Weights_and_buffers_are_found_by_name_and_converted()
    {
        using var scope = NewDisposeScope();
        using var source = Prepared(1, ScalarType.Float64);
        using var model = Prepared(2, ScalarType.Float32);
        var file = FakeArrays.Of(source);

        StateDict.Load(model, file);

        foreach (var (name, value) in model.state_dict().Where(entry => entry.Key != "1.num_batches_tracked"))
        {
            Assert.Equal(ScalarType.Float32, value.dtype);
            Assert.Equal(Dense.ToArray(source.state_dict()[name].to(ScalarType.Float32)), Dense.ToArray(value));
        }

        Assert.Equal(["0.weight", "0.bias", "1.weight", "1.bias"], model.named_parameters().Select(p => p.name));
        Assert.All(model.parameters(), parameter => Assert.True(parameter.requires_grad && parameter.is_leaf));
    }

    [Theory, InlineData(ScalarType.Float16), InlineData(ScalarType.BFloat16)]
    public void Half_precision_is_widened(ScalarType dtype)
    {
        using var scope = NewDisposeScope();
        using var model = nn.Linear(2, 1, hasBias: false, dtype: ScalarType.Float64);

        StateDict.Load(model, new FakeArrays(("weight", tensor(new[] { 1.5, -0.25 }, 1, 2).to(dtype))));

        Assert.Equal([1.5, -0.25], Dense.ToArray(model.weight!));
    }

    [Fact]
    public void The_count_of_training_batches_may_be_missing_or_left_over()
    {
        using var scope = NewDisposeScope();
        using var model = Prepared(1);
        string[] counters = ["1.num_batches_tracked", "9.num_batches_tracked"];
        var without = model.state_dict().Where(entry => !counters.Contains(entry.Key)).Select(entry => (entry.Key, entry.Value));

        StateDict.Load(model, new FakeArrays([.. without]));
        StateDict.Load(model, FakeArrays.Of(model, (counters[1], tensor(3.0))));
    }

    [Fact]
    public void Every_difference_is_listed()
    {
        using var scope = NewDisposeScope();
        using var model = Prepared(1);
        var file = new FakeArrays(
            ("0.weight", zeros([2, 3], ScalarType.Float64)), ("0.bias", zeros([3], ScalarType.Int64)),
            ("1.weight", zeros([3], ScalarType.Float64)), ("extra", zeros(1)), ("another.weight", zeros(1)));

        var error = Assert.Throws<CurvatureException>(() => StateDict.Load(model, file));

        Assert.Equal(
            """
            The weights in fake.safetensors do not fit the model:
              missing in the file: 1.bias, 1.running_mean, 1.running_var
              in the file, but not in the model: extra, another.weight
              another shape: 0.weight: [2, 3] in the file, [3, 2] in the model
              another kind of number: 0.bias: Int64 in the file, Float64 in the model
            """.ReplaceLineEndings("\n"),
            error.Message);
    }

    [Fact]
    public void A_name_that_is_there_twice()
    {
        using var scope = NewDisposeScope();
        using var model = nn.Linear(2, 1, hasBias: false);
        var file = new FakeArrays(("weight", zeros(1, 2)), ("weight", ones(1, 2)));

        Rejected.Saying("twice in the file: weight", () => StateDict.Load(model, file));
    }

    [Fact]
    public void Numbers_that_are_not_finite_are_counted_and_located_and_nothing_is_loaded()
    {
        using var scope = NewDisposeScope();
        using var source = Prepared(1);
        using var model = Prepared(2);
        double[] before = [.. model.state_dict().Values.SelectMany(Dense.ToArray)];
        using (no_grad())
        {
            source.state_dict()["0.weight"][2, 1] = double.NaN;
            source.state_dict()["1.bias"][0] = double.NegativeInfinity;
            source.state_dict()["1.running_var"].fill_(double.PositiveInfinity);
        }

        Rejected.Saying(
            "5 of the weights in fake.safetensors are not finite: 0.weight[2, 1] is NaN, 1.bias[0] is -infinity, "
            + "1.running_var[0] is infinity, 1.running_var[1] is infinity, 1.running_var[2] is infinity.",
            () => StateDict.Load(model, FakeArrays.Of(source)));
        Assert.Equal(before, model.state_dict().Values.SelectMany(Dense.ToArray));
    }

    [Fact]
    public void A_number_that_only_float64_can_hold_is_infinity_in_float32()
    {
        using var scope = NewDisposeScope();
        using var model = nn.Linear(1, 1, hasBias: false);
        var file = new FakeArrays(("weight", tensor(new[] { 1e300 }, 1, 1)));

        Rejected.Saying("1 of the weights in fake.safetensors is not finite: weight[0, 0] is infinity.", () => StateDict.Load(model, file));
    }

    public static TheoryData<ScalarType, ScalarType> Types() => new(
        from stored in AllTypes from wanted in AllTypes select (stored, wanted));

    private static readonly ScalarType[] AllTypes =
    [
        ScalarType.Bool, ScalarType.Byte, ScalarType.Int8, ScalarType.Int16, ScalarType.Int32, ScalarType.Int64, ScalarType.Float16,
        ScalarType.BFloat16, ScalarType.Float32, ScalarType.Float64, ScalarType.ComplexFloat32, ScalarType.ComplexFloat64,
    ];

    /// <summary>Whole numbers are loaded into types that hold all of their kind, real and complex ones into their own kind.</summary>
    [Theory, MemberData(nameof(Types))]
    public void Nothing_is_lost_but_precision(ScalarType stored, ScalarType wanted)
    {
        using var scope = NewDisposeScope();
        using var model = new Holding(zeros(3, wanted));
        var value = stored switch
        {
            ScalarType.Bool => tensor(new[] { false, true, true }),
            // Cloned: libtorch reads complex numbers as if they lay at multiples of 16 bytes, which an array of .NET's need not.
            ScalarType.ComplexFloat32 or ScalarType.ComplexFloat64 => view_as_complex(tensor(new[] { 0.5, 1, -2, 3, 0, -0.25 }).reshape(3, 2).clone()).to(stored),
            _ when is_floating_point(stored) => tensor(new[] { 0.5, -2, 0.25 }).to(stored),
            _ => tensor(new[] { 1, stored == ScalarType.Byte ? 0 : long.MinValue >> (64 - Bits(stored)), (long)(ulong.MaxValue >> (64 - Bits(stored) + (stored == ScalarType.Byte ? 0 : 1))) }).to(stored),
        };
        bool serves = is_integral(stored) && is_integral(wanted)
            ? stored == wanted || stored == ScalarType.Bool || (wanted != ScalarType.Bool && wanted != ScalarType.Byte && Bits(stored) < Bits(wanted))
            : is_floating_point(stored) == is_floating_point(wanted) && is_complex(stored) == is_complex(wanted);

        if (!serves)
        {
            Rejected.Saying($"another kind of number: value: {stored} in the file, {wanted} in the model", () => StateDict.Load(model, new FakeArrays(("value", value))));
            return;
        }

        StateDict.Load(model, new FakeArrays(("value", value)));
        var held = model.state_dict()["value"];
        Assert.Equal(wanted, held.dtype);
        Assert.Equal(value.to(stored).bytes, held.to(stored).bytes);
    }

    private static int Bits(ScalarType whole) => whole is ScalarType.Bool ? 1 : 8 * (int)zeros(1, whole).ElementSize;

    private sealed class Holding : nn.Module
    {
        public Holding(Tensor value) : base(nameof(Holding)) => register_buffer("value", value);
    }

    private static nn.Module<Tensor, Tensor> Prepared(int seed, ScalarType dtype = ScalarType.Float64)
    {
        var model = nn.Sequential(nn.Linear(2, 3, dtype: dtype), nn.BatchNorm1d(3, dtype: dtype));
        using var noGrad = no_grad();
        var numbers = new Numbers(seed);
        foreach (var value in model.state_dict().Values.Where(value => value.is_floating_point()))
            value.copy_(numbers.Normal(value.shape));
        return model;
    }
}
