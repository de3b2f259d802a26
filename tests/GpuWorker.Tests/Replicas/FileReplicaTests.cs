using ActorHutch.Curvature;
using ActorHutch.Curvature.Data;
using ActorHutch.Curvature.Data.Arrays;
using ActorHutch.Curvature.Losses;
using ActorHutch.Curvature.Operators;
using ActorHutch.Curvature.Risks;
using ActorHutch.Fakes;
using ActorHutch.GpuWorker.Replicas;
using ActorHutch.Shared.Jobs;
using static TorchSharp.torch;

namespace ActorHutch.GpuWorker.Tests.Replicas;

/// <summary>Replicas of models and data in files, and what is wrong with them.</summary>
public sealed class FileReplicaTests : ReplicaTests
{
    [Fact]
    public void A_described_model_is_served_by_the_fastest_method()
    {
        using var replica = Create(Source());
        using var form = replica.QuadraticForm(new CurvatureOptions());

        replica.CheckDeterminism();
        Assert.Equal(("model.json", 53L, 40L), (replica.Model.Name, replica.Model.Parameters, replica.Model.Samples));
        Assert.Equal(CurvatureMethod.Quadratic, form.Method);
        Assert.Equal(["0.weight", "0.bias", "2.weight", "2.bias"], form.Blocks);
    }

    [Fact]
    public void Equal_files_make_equal_replicas_and_other_sources_others()
    {
        RiskSource[] sources =
        [
            Source(), Source() with { Samples = 7 }, Source() with { Offset = 1 }, Source() with { Reduction = Reduction.Sum },
            Source() with { Normalize = new Normalization(0, 2) }, Source() with { Parameters = "0.*" },
            Source() with { Scale = new InputScale(0.5) }, Source() with { LossArguments = new LossArguments { IgnoreIndex = 2 } },
            Source() with { LossArguments = new LossArguments { LabelSmoothing = 0.1 } },
            Source() with { LossArguments = new LossArguments { ClassWeights = new NumberList([1, 2, 3]) } },
        ];

        Assert.Equal(sources.Length, sources.Select(HashOf).Distinct().Count());
        Assert.Equal(HashOf(Source()), HashOf(Source()));

        string HashOf(RiskSource source)
        {
            using var replica = Create(source);
            return replica.Model.Sha256;
        }
    }

    [Fact]
    public void Some_of_the_parameters_are_blocks_in_the_models_order()
    {
        using var replica = Create(Source() with { Parameters = "2.bias, 0.weight" });
        using var form = replica.QuadraticForm(new CurvatureOptions());

        Assert.Equal(33, replica.Model.Parameters);
        Assert.Equal(["0.weight", "2.bias"], form.Blocks);
    }

    [Fact]
    public void Micro_batches_are_the_jobs()
    {
        using var replica = Create(Source() with { MicroBatch = 15 });
        using var form = replica.QuadraticForm(new CurvatureOptions());

        Assert.EndsWith("3 micro-batches of 15", form.MethodReason, StringComparison.Ordinal);
    }

    [Fact]
    public void All_samples_are_one_micro_batch()
    {
        using var replica = Create(Source() with { MicroBatch = RiskSource.WholeBatch });
        using var form = replica.QuadraticForm(new CurvatureOptions());

        Assert.Equal(CurvatureMethod.Quadratic, form.Method);
        Assert.Equal("every layer and the loss have a rule", form.MethodReason);
    }

    [Fact]
    public void A_model_that_mixes_samples_takes_them_in_one_piece_or_not_at_all()
    {
        File.WriteAllText(Files.PathOf("model.json"), """
            { "type": "Sequential", "layers": [
                { "type": "Linear", "in_features": 6, "out_features": 5 },
                { "type": "BatchNorm1d", "name": "norm", "num_features": 5, "affine": false, "track_running_stats": false },
                { "type": "Linear", "in_features": 5, "out_features": 3 } ] }
            """);
        using var auto = Create(Source());
        using var all = Create(Source() with { MicroBatch = RiskSource.WholeBatch });
        using var pieces = Create(Source() with { MicroBatch = 15 });

        foreach (var replica in (IReplica[])[auto, all])
        {
            using var form = replica.QuadraticForm(new CurvatureOptions());
            Assert.Equal((CurvatureMethod.Autodiff, "Layer norm (BatchNorm1d) normalises with the batch's own statistics"), (form.Method, form.MethodReason));
            Assert.Throws<NoLayerRuleException>(
                () => replica.QuadraticForm(new CurvatureOptions { ProbeSpace = Curvature.Probes.ProbeSpace.Output }));
        }

        var error = Assert.Throws<CurvatureException>(pieces.CheckDeterminism);
        Assert.Equal(error.Message, Assert.Throws<CurvatureException>(() => pieces.QuadraticForm(new CurvatureOptions())).Message);
        Assert.StartsWith(
            "Samples are not independent: the model's output for a sample depends on the other samples of the batch, since layer "
            + "norm (BatchNorm1d) normalises with the batch's own statistics. The sum over 3 micro-batches of 15 samples is another "
            + "function with another trace. For all 40 samples in one batch, if they fit into memory, use microBatch all with CurvatureOptions.Method auto and ProbeSpace.Parameter.", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_scale_and_a_class_to_ignore_reach_the_samples_and_the_loss()
    {
        using var plain = Create(Source());
        using var unit = Create(Source() with { Scale = new InputScale(1) });
        using var halved = Create(Source() with { Scale = new InputScale(1, 2) });
        using var normalised = Create(Source() with { Normalize = new Normalization(0, 2) });
        using var ignoring = Create(Source() with { LossArguments = new LossArguments { IgnoreIndex = 2 } });

        Assert.Equal(Trace(plain), Trace(unit));
        Assert.Equal(Trace(normalised), Trace(halved));
        Assert.NotEqual(Trace(plain), Trace(halved));
        Assert.NotEqual(Trace(plain), Trace(ignoring));
        Assert.Equal(
            "cross-entropy (ignore-index 2), mean (by the targets' type: whole numbers, which are classes)",
            ignoring.Model.Loss!.ToString());

        static double Trace(IReplica replica)
        {
            using var form = replica.QuadraticForm(new CurvatureOptions { Distribution = Curvature.Probes.ProbeDistribution.Basis });
            return form.Evaluate(0, (int)form.BasisCount).Values.ToArray().Sum();
        }
    }

    [Fact]
    public void Targets_that_the_loss_has_no_meaning_for_are_refused_when_the_replica_is_made()
    {
        Targets("F32", [40], Files.Reals(40));
        Rejected(
            "The loss cannot be evaluated on this batch: the model's output is Float32[40, 3] and the targets are Float32[40]; for a "
            + "cross-entropy the targets must be class numbers, Int64[40], or probabilities of the 3 classes, Float32[40, 3].",
            Source() with { Loss = LossKind.CrossEntropy });
        Rejected("--ignore-index 7: it is an argument of cross-entropy and nll, and the loss is mse (by the targets' type: real numbers", Source() with { LossArguments = new LossArguments { IgnoreIndex = 7 } });
        Targets("F32", [40, 3], Files.Reals(120));
        Rejected("Targets must be class numbers, or probabilities of the classes, which are not negative", Source() with { Loss = LossKind.CrossEntropy });
        Targets("U8", [40], [.. Enumerable.Repeat((byte)255, 40)]);
        Rejected("40 targets are wrong for CrossEntropy: the first is 255, of sample 0. Targets must be class numbers from 0 to 2", Source());
        Rejected("of sample 3. Targets must be", Source() with { Offset = 3 });
        Rejected("Every target is ignored", Source() with { LossArguments = new LossArguments { IgnoreIndex = 255 } });
    }

    [Fact]
    public void Whole_numbers_for_a_model_of_real_ones_are_refused_when_the_replica_is_made()
    {
        Files.Write("data.safetensors", ("inputs", "U8", [40, 6], new byte[240]), ("targets", "U8", [40], new byte[40]));

        Rejected("The model takes real numbers, and the inputs are whole: say DatasetOptions.Scale 1/255", Source());
        Rejected("its inputs are bytes, and whether they are shades", Source() with { Normalize = new Normalization(0.1, 2) });
        Create(Source() with { Scale = InputScale.OfBytes, Normalize = new Normalization(0.1, 2) }).Dispose();
    }

    [Fact]
    public void A_model_made_by_a_class_of_an_assembly_takes_its_data_from_the_job_or_brings_it()
    {
        var assembly = Input(typeof(FileReplicaTests).Assembly.Location);
        var models = Source() with { ModelFile = null, Weights = null, Assembly = assembly, ModelType = typeof(OwnModel).FullName };
        var risks = new RiskSource { Assembly = assembly, ModelType = typeof(OwnRisk).FullName };

        using var ofModel = Create(models);
        using var ofRisk = Create(risks);

        Assert.Equal((21L, 40L), (ofModel.Model.Parameters, ofModel.Model.Samples));
        Assert.Equal((8L, 5L), (ofRisk.Model.Parameters, ofRisk.Model.Samples));
        Rejected($"has no class No.Such: name it with its namespace. It has {typeof(OwnModel).FullName}", models with { ModelType = "No.Such" });
        Rejected("is no factory", models with { ModelType = typeof(FileReplicaTests).FullName });
        Rejected("creates only a model: give data with --data", risks with { ModelType = typeof(OwnModel).FullName });
        Rejected("creates its own data: leave out --data", models with { ModelType = typeof(OwnRisk).FullName });
        Rejected("creates its own data and loss: leave out --ignore-index", risks with { LossArguments = new LossArguments { IgnoreIndex = 1 } });
        Rejected("is no .NET assembly", models with { Assembly = Input(Files.PathOf("data.safetensors")) });
    }

    [Fact]
    public void Files_of_another_kind_than_they_should_be()
    {
        Rejected("model.json: ", Source() with { Data = Input(Files.PathOf("model.json")) });
        Rejected("model.json: ", Source() with { Weights = Input(Files.PathOf("model.json")) });
        Rejected("data.safetensors", Source() with { ModelFile = Input(Files.PathOf("data.safetensors")), Weights = null });
        Rejected("is a model description, and needs --weights", Source() with { Weights = null });
        Rejected("array called inputs", Source() with { Data = Input(Files.PathOf("weights.safetensors")) });
    }

    [Fact]
    public void Cut_files()
    {
        foreach (string name in (string[])["model.json", "weights.safetensors", "data.safetensors"])
        {
            byte[] whole = File.ReadAllBytes(Files.PathOf(name));
            foreach (int length in (int[])[7, whole.Length / 2, whole.Length - 1])
            {
                File.WriteAllBytes(Files.PathOf(name), whole[..length]);
                Rejected(name, Source());
            }

            File.WriteAllBytes(Files.PathOf(name), whole);
        }
    }

    [Fact]
    public void Numbers_that_are_none_in_weights_and_in_data()
    {
        Spoil("weights.safetensors", float.NaN);
        Rejected("weights.safetensors", Source());
        using var good = new ModelFiles();
        File.WriteAllBytes(Files.PathOf("weights.safetensors"), File.ReadAllBytes(good.PathOf("weights.safetensors")));
        Spoil("data.safetensors", float.PositiveInfinity);
        Rejected("1 NaN or infinite numbers in 40 samples; the first is Infinity in sample 39", Source());
    }

    [Fact]
    public void Data_that_do_not_fit_the_first_layer_or_the_loss()
    {
        using var wide = new ModelFiles(inputs: 9, classes: 5);
        Rejected("cannot be evaluated on this batch (inputs Float32[", Source() with { Data = Input(wide.PathOf("data.safetensors")) });
        using var many = new ModelFiles(classes: 50);
        Rejected("must be class numbers from 0 to 2", Source() with { Data = Input(many.PathOf("data.safetensors")) });
        Rejected("--loss mse compares real numbers", Source() with { Loss = LossKind.Mse });
        Rejected("--loss bce compares real numbers", Source() with { Loss = LossKind.Bce });
    }

    [Fact]
    public void The_loss_and_who_chose_it()
    {
        Assert.Equal(("cross-entropy", "mean", "by the targets' type: whole numbers, which are classes"), LossOf(Source()));
        Assert.Equal(
            ("cross-entropy", "sum", "asked for"), LossOf(Source() with { Loss = LossKind.CrossEntropy, Reduction = Reduction.Sum }));
        Assert.Equal(
            ("mse", "mean", $"that of {typeof(OwnRisk).FullName}"),
            LossOf(new RiskSource { Assembly = Input(typeof(FileReplicaTests).Assembly.Location), ModelType = typeof(OwnRisk).FullName }));
        Assert.Equal(("cross-entropy", "mean", "the example's"), LossOf(new RiskSource()));

        // Class probabilities; and those of a file that says what they are for.
        Assert.Equal(
            ("mse", "mean", "by the targets' type: real numbers; they look like probabilities of classes, for which there is --loss cross-entropy"),
            LossOf(Soft(1f, null)));
        Assert.Equal(("mse", "mean", "by the targets' type: real numbers"), LossOf(Soft(2f, null)));
        Assert.Equal(("cross-entropy", "mean", "as soft.safetensors says"), LossOf(Soft(1f, "cross-entropy")));
        Assert.Equal(("bce", "mean", "as soft.safetensors says"), LossOf(Soft(1f, "bce")));
        Assert.Equal(("mse", "mean", "asked for"), LossOf(Soft(1f, "cross-entropy") with { Loss = LossKind.Mse }));
        Rejected("soft.safetensors says that its targets are for the loss hinge, which is not known: --loss must be", Soft(1f, "hinge"));

        (string, string, string) LossOf(RiskSource source)
        {
            using var replica = Create(source);
            return (replica.Model.Loss!.Name, replica.Model.Loss.Reduction, replica.Model.Loss.Reason);
        }

        RiskSource Soft(float sum, string? loss) => Source() with
        {
            Data = Input(Files.WriteSoftTargets("soft.safetensors", sum, loss is null ? [] : [(Dataset.LossName, loss)])),
        };
    }

    [Fact]
    public void Samples_and_parameters_that_are_not_there()
    {
        Rejected("it has 40, which leaves 1 to 5", Source() with { Offset = 35, Samples = 6 });
        Rejected("the offset is 0 to 39", Source() with { Offset = 40 });
        Rejected("No trainable parameter is called 3.*", Source() with { Parameters = "3.*" });
    }

    /// <summary>The samples with other targets.</summary>
    private void Targets(string dtype, int[] shape, byte[] content) =>
        Files.Write("data.safetensors", ("inputs", "F32", [40, 6], Files.Reals(240)), ("targets", dtype, shape, content));

    /// <summary>Overwrites the last real number: of safetensors, the end of the array before the last.</summary>
    private void Spoil(string name, float value)
    {
        byte[] bytes = File.ReadAllBytes(Files.PathOf(name));
        int behind = name.StartsWith("data", StringComparison.Ordinal) ? 40 * sizeof(long) : 0;
        BitConverter.TryWriteBytes(bytes.AsSpan(bytes.Length - behind - sizeof(float)), value);
        File.WriteAllBytes(Files.PathOf(name), bytes);
    }
}

/// <summary>A model of one's own.</summary>
public sealed class OwnModel : IModelFactory
{
    /// <inheritdoc/>
    public nn.Module<Tensor, Tensor> CreateModel(ScalarType dtype, Device device)
    {
        var model = nn.Linear(6, 3, dtype: dtype, device: device);
        using var noGrad = no_grad();
        foreach (var parameter in model.parameters()) parameter.fill_(0.5);
        return model;
    }
}

/// <summary>A risk of one's own.</summary>
public sealed class OwnRisk : IRiskFactory
{
    /// <inheritdoc/>
    public EmpiricalRisk CreateRisk(ScalarType dtype, Device device)
    {
        var model = nn.Linear(3, 2, dtype: dtype, device: device);
        using var noGrad = no_grad();
        foreach (var parameter in model.parameters()) parameter.fill_(0.5);
        return new EmpiricalRisk(
            model, new MeanSquaredError(), ones([5, 3], dtype, device), zeros([5, 2], dtype, device));
    }
}
