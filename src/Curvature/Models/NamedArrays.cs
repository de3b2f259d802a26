using System.Text;
using ActorHutch.Curvature.Data.Arrays;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Models;

/// <summary>The arrays of a file, matched by name with the tensors that they are meant for.</summary>
internal static class NamedArrays
{
    /// <summary>Pairs what is wanted with what the file has.</summary>
    /// <param name="wanted">Names, and tensors of the shapes that the arrays must have.</param>
    /// <param name="file">The file.</param>
    /// <param name="what">What the file holds, for the message: «The weights».</param>
    /// <param name="whom">Whom the tensors belong to, for the message: «model».</param>
    /// <param name="isIgnored">Names in the file that nobody need want.</param>
    /// <exception cref="CurvatureException">They do not fit: the message lists everything that does not.</exception>
    public static IReadOnlyList<(Tensor Target, StoredArray Array)> Match(
        IReadOnlyList<(string Name, Tensor Value)> wanted, ArrayFile file, string what, string whom,
        Func<string, bool>? isIgnored = null)
    {
        var arrays = file.Arrays.ToLookup(array => array.Name, StringComparer.Ordinal);
        var names = wanted.Select(tensor => tensor.Name).ToHashSet(StringComparer.Ordinal);
        var pairs = wanted.SelectMany(tensor => arrays[tensor.Name].Select(array => (tensor.Name, tensor.Value, array))).ToArray();

        var problems = new StringBuilder();
        void List(string title, IEnumerable<string> items, string separator = ", ")
        {
            string text = string.Join(separator, items);
            if (text.Length > 0) problems.Append("\n  ").Append(title).Append(": ").Append(text);
        }

        List("missing in the file", wanted.Select(t => t.Name).Where(name => !arrays.Contains(name)));
        List($"in the file, but not in the {whom}", arrays.Select(a => a.Key).Where(name => !names.Contains(name) && isIgnored?.Invoke(name) != true));
        List("twice in the file", arrays.Where(array => array.Count() > 1).Select(array => array.Key));
        List("another shape", pairs.Where(pair => !pair.Value.shape.SequenceEqual(pair.array.Shape)).Select(pair =>
            $"{pair.Name}: {Shape(pair.array.Shape)} in the file, {Shape(pair.Value.shape)} in the {whom}"), "\n    ");
        List("another kind of number", pairs.Where(pair => !Serves(pair.array.Dtype, pair.Value.dtype)).Select(pair =>
            $"{pair.Name}: {pair.array.Dtype} in the file, {pair.Value.dtype} in the {whom}"), "\n    ");

        return problems.Length == 0
            ? [.. pairs.Select(pair => (pair.Value, pair.array))]
            : throw new CurvatureException($"{what} in {file.Path} do not fit the {whom}:{problems}");
    }

    /// <summary>All of an array in a number type, on the CPU; it belongs to the current scope.</summary>
    public static Tensor Read(StoredArray array, ScalarType dtype)
    {
        var stored = array.Read();
        if (stored.dtype == dtype) return stored;
        using (stored) return stored.to(dtype);
    }

    /// <summary>
    /// Whether nothing is lost but precision: a real number serves a real one, a complex one a complex one, and a whole one
    /// a whole one that holds all of its kind.
    /// </summary>
    private static bool Serves(ScalarType stored, ScalarType wanted) =>
        stored == wanted
        || (is_floating_point(stored) && is_floating_point(wanted))
        || (is_complex(stored) && is_complex(wanted))
        || (is_integral(stored) && is_integral(wanted) && promote_types(stored, wanted) == wanted);

    private static string Shape(IEnumerable<long> shape) => $"[{string.Join(", ", shape)}]";
}
