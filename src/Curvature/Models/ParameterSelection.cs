using System.Text.RegularExpressions;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Models;

/// <summary>Restricts a curvature matrix to some of a model's parameters, by their names.</summary>
public static class ParameterSelection
{
    private const int Shown = 50;

    /// <summary>
    /// Freezes every parameter whose name fits none of the patterns: <c>*</c> stands for any characters, <c>?</c> for
    /// any one. What was frozen stays so.
    /// </summary>
    /// <param name="model">The model.</param>
    /// <param name="patterns">The patterns, such as <c>features.*.weight</c>.</param>
    /// <exception cref="CurvatureException">A pattern fits no trainable parameter; the message has their names.</exception>
    public static void Select(nn.Module model, IReadOnlyCollection<string> patterns)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(patterns);
        var trainable = model.named_parameters().Where(entry => entry.parameter.requires_grad).ToList();
        var selected = new HashSet<string>(StringComparer.Ordinal);
        var unused = new List<string>();
        foreach (string pattern in patterns)
        {
            var name = new Regex(
                "^" + Regex.Escape(pattern).Replace("\\*", ".*", StringComparison.Ordinal).Replace("\\?", ".", StringComparison.Ordinal) + "$",
                RegexOptions.CultureInvariant | RegexOptions.NonBacktracking);
            string[] fitting = [.. trainable.Select(entry => entry.name).Where(candidate => name.IsMatch(candidate))];
            if (fitting.Length == 0) unused.Add(pattern);
            selected.UnionWith(fitting);
        }

        if (unused.Count > 0)
        {
            string names = string.Join(", ", trainable.Take(Shown).Select(entry => entry.name));
            throw new CurvatureException(
                $"No trainable parameter is called {string.Join(" or ", unused)}. There {(trainable.Count == 1 ? "is" : "are")} "
                + $"{names}{(trainable.Count > Shown ? $" and {trainable.Count - Shown} more" : "")}.");
        }

        foreach (var (name, parameter) in trainable)
        {
            if (!selected.Contains(name)) parameter.requires_grad = false;
        }
    }
}
