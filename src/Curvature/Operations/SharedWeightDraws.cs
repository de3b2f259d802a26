using ActorHutch.Curvature.Graphs;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Operations;

/// <summary>
/// Output-space draws of y = W X + b whose weights act at T positions of each sample: linear layers (T is 1, or the
/// length of a sequence) and convolutions (X holds the patches).
/// </summary>
/// <remarks>
/// The tangent V X has the covariance of its positions' Gram matrix XᵀX. With the QR decomposition X = Q R it is RᵀR,
/// so S R, S a random sign matrix with one column for each of the min(K, T) rows of R, has the same: the patches'
/// length K is integrated out wherever it exceeds T. With one position, R is ‖x‖.
/// </remarks>
internal static class SharedWeightDraws
{
    /// <summary>The draws of one operation.</summary>
    /// <param name="weight">W, if it is a parameter whose curvature is asked for.</param>
    /// <param name="bias">b <c>[out]</c>, likewise.</param>
    /// <param name="outputs">How many numbers there are at each position.</param>
    /// <param name="patches">X as <c>[N, groups, K, T]</c>; asked for when it is needed.</param>
    /// <param name="groups">How many parts of the outputs have inputs of their own.</param>
    /// <param name="inputs">K.</param>
    /// <param name="positions">T.</param>
    /// <param name="shaped">From <c>[P, out, N, T]</c> to the operation's tangents.</param>
    /// <param name="samples">N.</param>
    /// <param name="keep">Keeps a tensor as long as the operation lives.</param>
    /// <param name="squaredNorms">‖x‖² of each sample, <c>[N, 1]</c> in float64, where there is one position and somebody knows it.</param>
    public static IEnumerable<OutputDraw> Of(
        Tensor? weight, Tensor? bias, int outputs, Func<Tensor> patches, long groups, long inputs, long positions, Func<Tensor, Tensor> shaped,
        long samples, Func<Tensor, Tensor> keep, Func<Tensor>? squaredNorms = null)
    {
        if (weight is null && bias is null) yield break;
        using var scope = NewDisposeScope();
        if (groups == 1 && positions == 1)
        {
            // One position: weight and bias see the same signs, and differ only in what a sample weighs.
            var norms = squaredNorms?.Invoke() ?? patches().to(ScalarType.Float64).Squared().sum([1, 2, 3]).unsqueeze(1);
            List<(Tensor Parameter, Tensor Weight)> served = [];
            if (weight is not null) served.Add((weight, norms));
            if (bias is not null) served.Add((bias, ones_like(norms)));
            var weights = keep(cat([.. served.Select(s => s.Weight)], 1));
            yield return new OutputDraw(
                [.. served.Select(s => s.Parameter)], outputs, weights, signs => shaped(signs.unsqueeze(-1)))
            {
                IsEachAlone = true,
            };
            yield break;
        }

        if (weight is not null)
        {
            long rank = Math.Min(inputs, positions);
            Tensor? factor = null;
            yield return new OutputDraw(
                [weight], checked((int)(outputs * rank)), null, signs =>
                {
                    // Whoever only asks how many numbers there are needs no factor.
                    factor ??= keep(linalg.qr(patches().to(ScalarType.Float64), linalg.QRMode.R).R.to(weight.dtype));
                    var matrices = signs.view(signs.shape[0], groups, outputs / groups, rank, samples);
                    var tangent = einsum("pgorn,ngrt->pgont", matrices, factor);
                    return shaped(tangent.reshape(signs.shape[0], outputs, samples, positions));
                });
        }

        if (bias is not null)
        {
            yield return new OutputDraw(
                [bias], outputs, null,
                signs => shaped(signs.unsqueeze(-1).expand(-1, -1, -1, positions)))
            {
                IsEachAlone = true,
            };
        }
    }
}
