using ActorHutch.Curvature.Losses;
using ActorHutch.Curvature.Operators;
using ActorHutch.Curvature.Probes;
using ActorHutch.Curvature.Risks;
using ActorHutch.Curvature.Tests.Cases;
using ActorHutch.Curvature.Tests.Operators;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Tests;

/// <summary>Samples in shards give what they give together, and each shard is read, checked and computed with by itself.</summary>
public sealed class ShardedRiskTests
{
    /// <summary>As for micro-batches: the same terms in another order.</summary>
    private const double Tolerance = 1e-12;

    public static TheoryData<string, string, CurvatureMethod, ProbeSpace> Table() => MicroBatchTests.Table();

    [Theory, MemberData(nameof(Table))]
    public void Shards_with_a_ragged_last_one_add_up(string model, string loss, CurvatureMethod method, ProbeSpace space)
    {
        using var scope = NewDisposeScope();
        using var problem = ModelCases.All[model].With(LossCase.All[loss]);
        var options = new CurvatureOptions { Matrix = MicroBatchTests.Matrix(space), Method = method, ProbeSpace = space, Seed = 3 };
        using var whole = QuadraticForms.Create(problem.Risk, options);
        var expected = whole.Evaluate(1, 4);

        foreach (int size in (int[])[1, 2, 3, 100])
        {
            using var risk = Sharded(problem.Risk, size, microBatch: size == 3 ? 2 : null);
            using var form = QuadraticForms.Create(risk, options);

            Assert.Equal((whole.BasisCount, whole.Method, space), (form.BasisCount, form.Method, form.ProbeSpace));
            Assert.Equal(whole.Blocks, form.Blocks);
            Near.Relative(expected.Values, form.Evaluate(1, 4).Values, Tolerance);
        }
    }

    /// <summary>Whoever computes a shard, in whatever order and with however little memory, computes the same bits.</summary>
    [Fact]
    public void A_shards_bits_depend_on_nothing_else()
    {
        using var scope = NewDisposeScope();
        using var problem = ModelCases.All["tanh"].With(LossCase.All["cross-entropy, mean"]);
        var options = new CurvatureOptions { Seed = 3 };
        using var risk = Sharded(problem.Risk, 2);
        using var inOrder = QuadraticForms.Create(risk, options);
        using var other = Sharded(problem.Risk, 2);
        using var forgetful = QuadraticForms.Create(other, options with { KeptMemory = 0 });
        var tiles = Enumerable.Range(0, (int)risk.Shards.Shards).Select(shard => risk.Shards.Of(4, 3, shard)).ToArray();
        var expected = tiles.Select(tile => inOrder.Evaluate(tile, keeps: true)).ToArray();

        for (int shard = tiles.Length - 1; shard >= 0; shard--)
        {
            var again = forgetful.Evaluate(tiles[shard], keeps: shard % 2 == 0);

            Assert.Equal(expected[shard].Values, again.Values);
            Assert.Equal((expected[shard].Weight, expected[shard].Digest), (again.Weight, again.Digest));
        }
    }

    /// <summary>Shards of 300 samples in micro-batches of 256 and 44, whose samples are gone when another shard is read.</summary>
    [Theory]
    [InlineData(CurvatureMethod.Autodiff)]
    [InlineData(CurvatureMethod.Quadratic)]
    public void Shards_in_turns_give_the_same_bits_again(CurvatureMethod method)
    {
        using var scope = NewDisposeScope();
        var numbers = new Numbers(3);
        using var model = nn.Sequential(nn.Linear(2, 4), nn.Tanh(), nn.Linear(4, 3));
        var samples = new TensorSamples(numbers.Normal(600, 2).to(ScalarType.Float32), numbers.Classes(3, 600));
        using var risk = new ShardedRisk(model, new CrossEntropy(), samples, 300);
        var options = new CurvatureOptions { Method = method };
        using var form = QuadraticForms.Create(risk, options);
        Assert.Equal(method == CurvatureMethod.Autodiff ? 256 : 300, risk.MicroBatch(options));
        var first = form.Evaluate(risk.Shards.Of(0, 2, 0), keeps: true);
        var second = form.Evaluate(risk.Shards.Of(0, 2, 1), keeps: true);

        Assert.Equal(first.Values, form.Evaluate(risk.Shards.Of(0, 2, 0), keeps: true).Values);
        Assert.Equal(second.Values, form.Evaluate(risk.Shards.Of(0, 2, 1), keeps: true).Values);
    }

    [Theory]
    [InlineData(Reduction.Mean)]
    [InlineData(Reduction.Sum)]
    public void Ignored_targets_and_class_weights_count_as_they_do_together(Reduction reduction)
    {
        using var scope = NewDisposeScope();
        var numbers = new Numbers(5);
        using var model = nn.Sequential(nn.Linear(4, 6, dtype: ScalarType.Float64), nn.Tanh(), nn.Linear(6, 3, dtype: ScalarType.Float64));
        var inputs = numbers.Normal(11, 4);
        // The shards of two have no target that counts at 4 and 5.
        var targets = tensor(new long[] { 0, 1, 2, -1, -1, -1, 2, 2, -1, 0, 1 });
        var loss = new CrossEntropy(reduction, ignoreIndex: -1, classWeights: [0.5, 2.0, 1.25]);
        using var whole = QuadraticForms.Create(new EmpiricalRisk(model, loss, inputs, targets), new CurvatureOptions());
        var expected = whole.Evaluate(0, 5);

        foreach (int size in (int[])[1, 2, 4])
        {
            using var risk = new ShardedRisk(model, loss, new TensorSamples(inputs, targets), size);
            using var form = QuadraticForms.Create(risk, new CurvatureOptions());

            Near.Relative(expected.Values, form.Evaluate(0, 5).Values, Tolerance);
            Assert.Equal(reduction == Reduction.Sum ? 1 : expected.Weight, form.Evaluate(0, 5).Weight, 1e-12);
        }
    }

    [Fact]
    public void Samples_of_which_none_counts_are_refused()
    {
        using var scope = NewDisposeScope();
        using var model = nn.Linear(2, 3);
        using var risk = new ShardedRisk(
            model, new CrossEntropy(ignoreIndex: 255), new TensorSamples(ones(5, 2), full([5], 255, ScalarType.Int64)), 2);
        using var form = QuadraticForms.Create(risk, new CurvatureOptions());

        Rejected.Saying("Every target is ignored, so the mean loss is undefined.", () => form.Evaluate(0, 1));
    }

    /// <summary>A wrong target is found by whoever computes its shard, and named by its number among all.</summary>
    [Fact]
    public void What_is_wrong_with_a_shard_is_said_when_it_is_opened()
    {
        using var scope = NewDisposeScope();
        using var model = nn.Linear(2, 3);
        var targets = zeros([10], ScalarType.Int64);
        targets[7] = tensor(3L);
        using var risk = new ShardedRisk(model, new CrossEntropy(), new TensorSamples(ones(10, 2), targets), 4);
        using var form = QuadraticForms.Create(risk, new CurvatureOptions());

        Assert.Equal(4, form.Evaluate(risk.Shards.Of(0, 4, 0), keeps: true).Count);
        var error = Assert.Throws<SamplesException>(() => form.Evaluate(risk.Shards.Of(0, 4, 1), keeps: true));
        Assert.Contains("the first is 3, of sample 7", error.Message, StringComparison.Ordinal);
        Assert.Equal(4, form.Evaluate(risk.Shards.Of(0, 4, 2), keeps: true).Count);
    }

    [Fact]
    public void Samples_are_read_once_and_only_those_of_the_shard()
    {
        using var scope = NewDisposeScope();
        using var model = nn.Linear(2, 3);
        var samples = new CountedSamples(new TensorSamples(ones(10, 2), zeros([10], ScalarType.Int64)));
        using var risk = new ShardedRisk(model, new CrossEntropy(), samples, 4);
        using var form = QuadraticForms.Create(risk, new CurvatureOptions());
        form.WarmUp();
        samples.Read.Clear();

        for (int again = 0; again < 3; again++) form.Evaluate(risk.Shards.Of(again * 5, 5, 1), keeps: true);

        Assert.Equal([(4L, 4L)], samples.Read);
    }

    [Fact]
    public void A_model_that_mixes_samples_has_one_shard_and_may_not_be_given_others()
    {
        using var scope = NewDisposeScope();
        using var model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 2));
        model.train();
        var numbers = new Numbers(1);
        var samples = new TensorSamples(numbers.Normal(3000, 3).to(ScalarType.Float32), numbers.Classes(2, 3000));
        using var own = new ShardedRisk(model, new CrossEntropy(), samples);
        using var asked = new ShardedRisk(model, new CrossEntropy(), samples, 1000);

        Assert.Equal(3000, own.ShardSize);
        Rejected.Saying("The sum over 3 shards of 1,000 samples is another function", () => QuadraticForms.Create(asked, new CurvatureOptions()));
    }

    [Theory]
    [InlineData(1024, 1024)]
    [InlineData(1025, 513)]
    [InlineData(60_000, 1017)]
    public void Shards_are_of_nearly_one_size(long samples, long expected)
    {
        using var scope = NewDisposeScope();
        using var model = nn.Linear(2, 3);
        using var risk = new ShardedRisk(model, new CrossEntropy(), new TensorSamples(ones(samples, 2), zeros([samples], ScalarType.Int64)));

        Assert.Equal(expected, risk.ShardSize);
    }

    [Fact]
    public void Large_samples_make_for_small_shards()
    {
        using var scope = NewDisposeScope();
        // A mebibyte each: 64 of them are one shard.
        var samples = new TensorSamples(zeros([65], ScalarType.Float32).view(65, 1).expand(65, 1 << 18), zeros([65], ScalarType.Int64));

        Assert.Equal(33, ShardSize.Auto(samples, ScalarType.Float32));
    }

    private static ShardedRisk Sharded(EmpiricalRisk risk, int size, long? microBatch = null) =>
        new(risk.Model, risk.Loss, new TensorSamples(risk.Inputs, risk.Targets), size, microBatch);

    private sealed class CountedSamples(ISamples samples) : ISamples
    {
        public List<(long First, long Count)> Read { get; } = [];

        public long SampleCount => samples.SampleCount;

        (ModelInputs Inputs, Tensor Targets) ISamples.Read(long first, long count, ScalarType dtype, Device device)
        {
            Read.Add((first, count));
            return samples.Read(first, count, dtype, device);
        }
    }
}
