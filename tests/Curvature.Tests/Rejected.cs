using ActorHutch.Curvature.Losses;
using ActorHutch.Curvature.Operators;
using ActorHutch.Curvature.Risks;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Tests;

/// <summary>Assertions that something is rejected with a message for its user.</summary>
internal static class Rejected
{
    /// <summary>Cross-entropy; four samples of two numbers and of class 0, where nothing else is said.</summary>
    public static EmpiricalRisk Risk(
        nn.Module<Tensor, Tensor> model, Tensor? inputs = null, Tensor? targets = null) => new(
        model, new CrossEntropy(), inputs ?? ones(4, 2), targets ?? zeros(inputs?.shape[0] ?? 4, ScalarType.Int64));

    public static IQuadraticForm Form(EmpiricalRisk risk, CurvatureMethod method) =>
        QuadraticForms.Create(risk, new CurvatureOptions { Method = method });

    public static void Saying(string text, Action action)
    {
        var error = Assert.ThrowsAny<CurvatureException>(action);
        Assert.Contains(text, error.Message, StringComparison.Ordinal);
    }

    public static void Saying(string text, Func<object> create) =>
        Saying(text, () => (create() as IDisposable)?.Dispose());
}
