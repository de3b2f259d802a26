using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.LayerRules;

/// <summary>
/// Output-space draws of a layer y = W X + b whose weights act at T positions of each sample: Linear (T is 1, or the
/// length of a sequence) and convolutions (X holds the patches).
/// </summary>
/// <remarks>
/// The tangent V X has the covariance of its positions' Gram matrix XᵀX. With the QR decomposition X = Q R it is RᵀR,
/// so S R, S a random sign matrix with one column for each of the min(K, T) rows of R, has the same: the patches'
/// length K is integrated out wherever it exceeds T. With one position, R is ‖x‖.
/// </remarks>
internal static class SharedWeightDraws
{
    /// <summary>The draws of one layer.</summary>
    /// <param name="weight">W, <c>[out, …]</c>.</param>
    /// <param name="bias">b, <c>[out]</c>, if there is one.</param>
    /// <param name="patches">X as <c>[N, groups, K, T]</c>.</param>
    /// <param name="layout">The layout of the layer's own tangents.</param>
    /// <param name="output">The shape of the layer's output.</param>
    /// <param name="keep">Keeps a tensor as long as the rule lives.</param>
    public static IEnumerable<OutputDraw> Of(
        Parameter weight, Parameter? bias, Func<Tensor> patches, LaneLayout layout, long[] output,
        Func<Tensor, Tensor> keep)
    {
        int outputs = (int)weight.shape[0];
        long samples = output[0];
        using var scope = NewDisposeScope();
        var x = patches();
        long groups = x.shape[1], positions = x.shape[3];
        var ones = keep(OutputDraw.EqualWeights(samples, x.device));
        bool hasBias = bias is { requires_grad: true };

        if (groups == 1 && positions == 1)
        {
            // One position: weight and bias see the same signs, and differ only in what a sample weighs.
            var norms = x.to(ScalarType.Float64).Squared().sum([1, 2, 3]).unsqueeze(1);
            List<(Parameter Parameter, Tensor Weight)> served = [];
            if (weight.requires_grad) served.Add((weight, norms));
            if (hasBias) served.Add((bias!, ones));
            if (served.Count == 0) yield break;
            var weights = keep(cat([.. served.Select(s => s.Weight)], 1));
            yield return new OutputDraw(
                [.. served.Select(s => s.Parameter)], outputs, weights, signs => Shaped(signs.unsqueeze(-1), layout, output));
            yield break;
        }

        if (weight.requires_grad)
        {
            var factor = keep(linalg.qr(x.to(ScalarType.Float64), linalg.QRMode.R).R.to(weight.dtype));
            long rank = factor.shape[2];
            yield return new OutputDraw(
                [weight], checked((int)(outputs * rank)), ones, signs =>
                {
                    var matrices = signs.view(signs.shape[0], groups, outputs / groups, rank, samples);
                    var tangent = einsum("pgorn,ngrt->pgont", matrices, factor);
                    return Shaped(tangent.reshape(signs.shape[0], outputs, samples, positions), layout, output);
                });
        }

        if (hasBias)
        {
            yield return new OutputDraw(
                [bias!], outputs, ones,
                signs => Shaped(signs.unsqueeze(-1).expand(-1, -1, -1, positions), layout, output));
        }
    }

    /// <summary>From <c>[P, out, N, T]</c> to the layer's tangents.</summary>
    private static Lanes Shaped(Tensor tangent, LaneLayout layout, long[] output)
    {
        long lanes = tangent.shape[0], outputs = tangent.shape[1];
        return layout == LaneLayout.SamplesLast
            ? new Lanes(tangent.reshape(lanes, outputs, -1), layout)
            : new Lanes(tangent.permute(2, 0, 1, 3).reshape([output[0], lanes, .. output[1..]]), layout);
    }
}
