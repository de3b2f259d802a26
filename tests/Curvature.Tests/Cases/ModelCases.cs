namespace ActorHutch.Curvature.Tests.Cases;

/// <summary>The models that every method is tested on.</summary>
internal static class ModelCases
{
    public static readonly IReadOnlyDictionary<string, ModelCase> All = new[]
    {
        LinearCases.Models, ActivationCases.Models, ConvolutionCases.Models, PoolingCases.Models,
        NormalizationCases.Models, EmbeddingCases.Models, ContainerCases.Models,
    }.SelectMany(models => models).ToDictionary();

    /// <summary>Those that autodiff serves.</summary>
    public static IEnumerable<string> WithAutodiff =>
        All.Where(model => model.Value.HasAutodiff).Select(model => model.Key);
}
