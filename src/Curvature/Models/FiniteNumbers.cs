using System.Globalization;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Models;

/// <summary>Finds NaN and infinity among weights.</summary>
internal static class FiniteNumbers
{
    private const int MostNamed = 5;

    /// <summary>Checks weights by name.</summary>
    /// <param name="weights">The weights; integers among them are not looked at.</param>
    /// <param name="path">Where they come from.</param>
    /// <exception cref="CurvatureException">Some are not finite: the message says how many, and where the first are.</exception>
    public static void Check(IEnumerable<(string Name, Tensor Value)> weights, string path)
    {
        using var noGrad = no_grad();
        long count = 0;
        var named = new List<string>();
        foreach (var (name, weight) in weights.Where(weight => weight.Value.is_floating_point() || weight.Value.is_complex()))
        {
            using var scope = NewDisposeScope();
            // Of a complex number, its two parts.
            var value = weight.is_complex() ? weight.view_as_real() : weight;
            var places = value.isfinite().logical_not().nonzero().cpu();
            count += places.shape[0];
            for (long i = 0; i < places.shape[0] && named.Count < MostNamed; i++)
            {
                long[] index = places[i].data<long>().ToArray();
                double number = value[[.. index.Select(d => TensorIndex.Single(d))]].to(ScalarType.Float64).item<double>();
                named.Add(string.Create(
                    CultureInfo.InvariantCulture, $"{name}[{string.Join(", ", index)}] is {Describe(number)}"));
            }
        }

        if (count == 0) return;
        string rest = count > named.Count ? $", and {count - named.Count} more" : "";
        throw new CurvatureException(
            $"{count} of the weights in {path} {(count == 1 ? "is" : "are")} not finite: {string.Join(", ", named)}{rest}. "
            + "A model that diverged while it was trained has no curvature.");
    }

    private static string Describe(double number) => double.IsNaN(number) ? "NaN" : number > 0 ? "infinity" : "-infinity";
}
