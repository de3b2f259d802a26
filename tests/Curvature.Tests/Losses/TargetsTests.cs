using ActorHutch.Curvature.Losses;
using ActorHutch.Curvature.Risks;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Tests.Losses;

/// <summary>Targets that a loss has no meaning for are counted and located before anything is computed.</summary>
public sealed class TargetsTests
{
    [Fact]
    public void Class_numbers_beyond_the_models_classes()
    {
        var labels = zeros(10, ScalarType.Int64);
        labels[7] = tensor(3L);
        labels[9] = tensor(-1L);

        Rejected.Saying(
            "2 targets are wrong for CrossEntropy: the first is 3, of sample 7. Targets must be class numbers from 0 to 2, "
            + "since the model's output has 3 classes, or -100, which is ignored (ignoreIndex).",
            () => Check(new CrossEntropy(), labels));
    }

    [Fact]
    public void Ignored_class_numbers_are_no_mistake() =>
        Check(new CrossEntropy(ignoreIndex: -7), tensor([-7L, 0, 1, 2, 2, 2, 2, 2, 2, 2]));

    [Fact]
    public void Targets_of_another_sign_convention()
    {
        var signs = ones(10, 3);
        signs[4, 1] = tensor(-1f);

        Rejected.Saying(
            "1 target is wrong for BinaryCrossEntropyWithLogits: the first is -1, of sample 4 at [1]. Targets must be "
            + "probabilities from 0 to 1; targets of −1 and 1 become (y + 1) / 2.",
            () => Check(new BinaryCrossEntropyWithLogits(), signs));
    }

    [Fact]
    public void Negative_probabilities() =>
        Rejected.Saying("which are not negative", () => Check(new CrossEntropy(), ones(10, 3).neg()));

    [Fact]
    public void Any_real_number_can_be_a_target_of_the_squared_error() => Check(new MeanSquaredError(), randn(10, 3).mul(100));

    private static void Check(Loss loss, Tensor targets)
    {
        using var scope = NewDisposeScope();
        using var model = nn.Linear(2, 3);
        new MicroBatchedRisk(model, loss, new TensorSamples(zeros(10, 2), targets), 4).CheckSamples();
    }
}
