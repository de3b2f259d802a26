using ActorHutch.Curvature.Losses;
using ActorHutch.Curvature.Operators;
using ActorHutch.Curvature.Risks;
using ActorHutch.GpuWorker.Replicas;
using ActorHutch.Shared.Jobs;
using static TorchSharp.torch;

namespace ActorHutch.GpuWorker.Tests.Replicas;

/// <summary>
/// A replica in double precision for comparing has the numbers of single precision, also where a class draws others.
/// </summary>
[Collection(nameof(SingleNumbersTests))]
public sealed class SingleNumbersTests : ReplicaTests
{
    /// <summary>The same numbers differ by rounding, some 1e-6 of it; others by far more.</summary>
    private const double Rounding = 1e-4;

    [Theory]
    [InlineData(typeof(DrawnModel), true)]
    [InlineData(typeof(DrawnRisk), false)]
    public void A_class_that_draws_by_its_number_type_is_compared_with_itself(Type type, bool withData)
    {
        var source = new RiskSource
        {
            Assembly = Input(typeof(DrawnModel).Assembly.Location),
            ModelType = type.FullName,
            Data = withData ? Input(Files.PathOf("data.safetensors")) : null,
        };

        double single = Form(source, Dtype.Float32, false);

        Assert.NotEqual(single, Form(source, Dtype.Float64, false), Rounding * Math.Abs(single));
        Assert.Equal(single, Form(source, Dtype.Float64, true), Rounding * Math.Abs(single));
    }

    [Fact]
    public void What_is_in_files_is_read_from_them()
    {
        var source = Source();

        Assert.Equal(Form(source, Dtype.Float64, false), Form(source, Dtype.Float64, true));
    }

    private double Form(RiskSource source, Dtype dtype, bool hasSingleNumbers)
    {
        using var replica = Create(new ReplicaKey(source, dtype, "cpu", 1) { HasSingleNumbers = hasSingleNumbers });
        using var form = replica.QuadraticForm(new CurvatureOptions());
        return form.Evaluate(0, 3).Total(1);
    }
}

/// <summary>libtorch's generator belongs to the process: nobody else draws from it meanwhile.</summary>
[CollectionDefinition(nameof(SingleNumbersTests), DisableParallelization = true)]
public static class AloneWithTheGenerator;

/// <summary>A model whose weights are other ones in each number type, as libtorch draws them.</summary>
public sealed class DrawnModel : IModelFactory
{
    /// <inheritdoc/>
    public nn.Module<Tensor, Tensor> CreateModel(ScalarType dtype, Device device)
    {
        random.manual_seed(3);
        return nn.Linear(6, 3, dtype: dtype, device: device);
    }
}

/// <summary>A risk of such weights and inputs.</summary>
public sealed class DrawnRisk : IRiskFactory
{
    /// <inheritdoc/>
    public EmpiricalRisk CreateRisk(ScalarType dtype, Device device)
    {
        random.manual_seed(3);
        return new EmpiricalRisk(
            nn.Linear(3, 2, dtype: dtype, device: device), new CrossEntropy(), randn([5, 3], dtype: dtype, device: device),
            zeros([5], ScalarType.Int64, device));
    }
}
