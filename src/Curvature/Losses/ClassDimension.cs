using static TorchSharp.torch;

namespace ActorHutch.Curvature.Losses;

/// <summary>Which dimension of an output is that of the classes.</summary>
internal static class ClassDimension
{
    /// <summary>It, counted from the front; null where the output has none such. Dimension 0 is that of the samples.</summary>
    /// <param name="given">From 1, or −1 for the last, and so on.</param>
    /// <param name="rank">How many dimensions the output has.</param>
    public static int? Of(long given, long rank)
    {
        long place = given < 0 ? rank + given : given;
        return place >= 1 && place < rank ? (int)place : null;
    }

    /// <summary>That there is none such, as a sentence without its end.</summary>
    public static string Missing(long given, Tensor output) =>
        $"the model's output is {TensorText.Describe(output)}, and has no dimension {given} of classes (classDimension)"
        + (output.dim() < 2 ? "" : $"; it must be from 1 to {output.dim() - 1}, or last");
}
