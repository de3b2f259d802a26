using ActorHutch.Curvature.Operators;
using ActorHutch.Curvature.Probes;
using ActorHutch.Curvature.Risks;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Tests.Cases;

/// <summary>Whole curvature matrices of small problems, and their arrays.</summary>
internal static class Dense
{
    /// <summary>The matrix by products with the basis vectors, <c>[D, D]</c>.</summary>
    public static Tensor Matrix(ICurvatureProduct product)
    {
        using var scope = NewDisposeScope();
        var blocks = product.Risk.Blocks;
        var basis = new BasisProbes(blocks);
        int size = (int)basis.Count;
        using var noGrad = no_grad();
        var rows = product.Multiply([.. blocks.Select(block => basis.Draw(block, 0, size))]);
        return cat([.. rows.Select(row => row!.reshape(size, -1))], 1).MoveToOuterDisposeScope();
    }

    /// <summary>The Hessian or the GGN by double backward.</summary>
    public static Tensor Matrix(
        EmpiricalRisk risk, CurvatureMatrix matrix, BlockStructure structure = BlockStructure.Full)
    {
        using var product = new AutodiffProduct(risk, matrix, structure);
        return Matrix(product);
    }

    /// <summary>The same matrix with everything outside of its diagonal blocks set to zero.</summary>
    public static Tensor DiagonalBlocks(EmpiricalRisk risk, Tensor matrix)
    {
        using var scope = NewDisposeScope();
        var mask = block_diag([.. risk.Blocks.Select(block => ones([block.Size, block.Size], matrix.dtype))]);
        return (matrix * mask).MoveToOuterDisposeScope();
    }

    /// <summary>What each block adds to the trace.</summary>
    public static double[] BlockSums(EmpiricalRisk risk, double[] diagonal)
    {
        var sums = new List<double>();
        int first = 0;
        foreach (var block in risk.Blocks)
        {
            sums.Add(diagonal.Skip(first).Take((int)block.Size).Sum());
            first += (int)block.Size;
        }

        return [.. sums];
    }

    public static double[] ToArray(Tensor tensor)
    {
        using var scope = NewDisposeScope();
        return tensor.to(ScalarType.Float64).contiguous().data<double>().ToArray();
    }
}
