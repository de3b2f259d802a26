using ActorHutch.Curvature.Data;
using ActorHutch.Curvature.Losses;
using ActorHutch.Curvature.Operators;
using ActorHutch.Shared.Jobs;

namespace ActorHutch.GpuWorker.Tests.Replicas;

/// <summary>The losses that jobs and files name, with their arguments: which is made, what is said of it, and what is refused.</summary>
public sealed class LossReplicaTests : ReplicaTests
{
    [Fact]
    public void A_losss_arguments_are_the_jobs_over_the_files()
    {
        Assert.Equal("huber (delta 0.5), sum (as soft.safetensors says)", Described(Said("huber", ("delta", "0.5"), ("reduction", "sum"))));
        Assert.Equal(
            "huber (delta 2), batch-mean (as soft.safetensors says)",
            Described(Said("huber", ("delta", "0.5"), ("reduction", "sum")) with { Reduction = Reduction.BatchMean, LossArguments = new LossArguments { Delta = 2 } }));
        // Whoever names the loss says all of it.
        Assert.Equal("huber, mean (asked for)", Described(Said("huber", ("delta", "0.5"), ("reduction", "sum")) with { Loss = LossKind.Huber }));
        Assert.Equal(
            "cross-entropy (class-dimension -1, class-weights 1,0.5,2, label-smoothing 0.1), mean (by the targets' type: whole numbers, which are classes)",
            Described(Source() with
            {
                LossArguments = new LossArguments { ClassDimension = -1, ClassWeights = new NumberList([1, 0.5, 2]), LabelSmoothing = 0.1 },
            }));

        Rejected("soft.safetensors says delta 0 of its loss: it must be above 0.", Said("huber", ("delta", "0")));
        Rejected("soft.safetensors says dleta 1 of its loss: there is no such argument.", Said("huber", ("dleta", "1")));
        Rejected("soft.safetensors says reduction none of its loss: it must be mean, sum or batch-mean.", Said("huber", ("reduction", "none")));
        Rejected("--beta 0.5: it is an argument of smooth-l1, and the loss is huber (as soft.safetensors says).", Said("huber", ("beta", "0.5")));
        Rejected("there are weights of 2 classes, and the output has 3", Source() with { LossArguments = new LossArguments { ClassWeights = new NumberList([1, 2]) } });
        Rejected("has no dimension 2 of classes (classDimension)", Source() with { LossArguments = new LossArguments { ClassDimension = 2 } });
        Rejected("--loss nll takes class numbers, and the targets of", Said("nll"));
        Rejected("--loss kl-div compares real numbers, and the targets of", Source() with { Loss = LossKind.KlDiv });
        Rejected("must be probabilities from 0 to 1; their logarithms need logTarget", Said("kl-div") with { Data = Input(Files.WriteSoftTargets("soft.safetensors", 5f)), Loss = LossKind.KlDiv });

        string Described(RiskSource source)
        {
            using var replica = Create(source);
            return replica.Model.Loss!.ToString();
        }

        RiskSource Said(string loss, params (string Name, string Text)[] arguments) => Source() with
        {
            Data = Input(Files.WriteSoftTargets("soft.safetensors", 1f,
                [(Dataset.LossName, loss), .. arguments.Select(one => (Dataset.LossArgumentPrefix + one.Name, one.Text))])),
        };
    }

    /// <summary>What a job can name is made, and computed with by every method.</summary>
    [Fact]
    public void Every_loss_of_the_table_is_made_as_its_class()
    {
        foreach (var entry in LossEntry.All.Where(entry => entry.Kind != LossKind.BceOfProbabilities))
        {
            var source = Source() with { Loss = entry.Kind };
            if (entry.Targets == LossTargets.Numbers) source = source with { Data = Input(Files.WriteSoftTargets("soft.safetensors", 1f)) };
            using var replica = Create(source);
            replica.CheckDeterminism();
            Assert.Equal(entry.Word, replica.Model.Loss!.Name);
            foreach (var method in Enum.GetValues<CurvatureMethod>())
            {
                using var form = replica.QuadraticForm(new CurvatureOptions { Method = method });
                Assert.All(form.Evaluate(0, 2).Values.ToArray(), value => Assert.True(double.IsFinite(value)));
            }
        }

        Rejected(
            "numbers of the model's output are no probabilities from 0 to 1",
            Source() with { Data = Input(Files.WriteSoftTargets("soft.safetensors", 1f)), Loss = LossKind.BceOfProbabilities });
    }
}
