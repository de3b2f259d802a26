using ActorHutch.Curvature.Risks;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Operators;

/// <summary>Products of a curvature matrix with stacks of vectors.</summary>
public interface ICurvatureProduct : IDisposable
{
    /// <summary>The risk whose curvature it is.</summary>
    EmpiricalRisk Risk { get; }

    /// <summary>Whether only the diagonal blocks are multiplied with.</summary>
    BlockStructure Structure { get; }

    /// <summary>H V for a stack of vectors.</summary>
    /// <param name="vectors">One tensor a block, <c>[P, *block.Shape]</c>; null stands for zeros.</param>
    /// <returns>One tensor a block, shaped as the vectors; null where it is zero because its vectors are.</returns>
    /// <exception cref="CurvatureException">libtorch cannot differentiate the loss twice.</exception>
    IReadOnlyList<Tensor?> Multiply(IReadOnlyList<Tensor?> vectors);
}
