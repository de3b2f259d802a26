using static TorchSharp.torch;

namespace ActorHutch.Curvature.Graphs;

/// <summary>
/// How one operation's parameters are probed in output space: random numbers per sample, the tangent of the result
/// that they make, and how much each sample counts for each of the parameters.
/// </summary>
/// <remarks>
/// The curvature matrix is a sum over samples, so each sample may have a probe of its own. For y = V x the tangent V x
/// has covariance ‖x‖² I, and ‖x‖ s with s ∈ {±1}^out has the same: the quadratic form of s alone, weighed with ‖x‖²,
/// is an unbiased estimate of what the weight adds to the trace, and weighed with 1 of what a bias adds.
/// </remarks>
/// <param name="Parameters">The parameters that this draw serves.</param>
/// <param name="Size">J, random numbers a sample.</param>
/// <param name="Weights">
/// <c>[N, parameters]</c>, float64: what the quadratic form of each sample is multiplied with; null where each counts once, for one parameter.
/// </param>
/// <param name="Tangent">From <c>[P, J, N]</c> to the result's tangents <c>[P, *shape]</c>.</param>
internal sealed record OutputDraw(
    IReadOnlyList<Tensor> Parameters, int Size, Tensor? Weights, Func<Tensor, Tensor> Tangent)
{
    /// <summary>Whether each number of the tangent is a multiple of one of the numbers drawn.</summary>
    public bool IsEachAlone { get; init; }
}
