using ActorHutch.Curvature.Graphs;
using ActorHutch.Curvature.Native;
using ActorHutch.Curvature.Risks;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Operators;

/// <summary>
/// Products by double backward, one vector at a time: Hv = ∂⟨∂L/∂θ, v⟩/∂θ (B. A. Pearlmutter, «Fast exact
/// multiplication by the Hessian», 1994) and, for the GGN, Jᵀ ∇²ℓ J v with J v = ∂⟨Jᵀu, v⟩/∂u.
/// </summary>
/// <remarks>
/// The graph of the first derivative belongs to the batch and is built once. It is the reference that every other
/// method is tested against.
/// </remarks>
public sealed class AutodiffProduct : TensorOwner, ICurvatureProduct
{
    private readonly Tensor[] _parameters;
    private readonly Tensor[] _gradients;
    private readonly Gauss? _gauss;

    /// <summary>Builds the graph of the first derivative.</summary>
    /// <param name="risk">The risk.</param>
    /// <param name="matrix">Hessian or GGN.</param>
    /// <param name="structure">Block-diagonal or full.</param>
    /// <exception cref="CurvatureException">libtorch cannot differentiate the loss.</exception>
    public AutodiffProduct(EmpiricalRisk risk, CurvatureMatrix matrix, BlockStructure structure)
    {
        ArgumentNullException.ThrowIfNull(risk);
        (Risk, Structure) = (risk, structure);
        _parameters = [.. risk.Blocks.Select(block => (Tensor)block.Parameter)];
        (Gauss? Gauss, Tensor[] Gradients) graph = (null, []);
        void Build()
        {
            using var scope = NewDisposeScope();
            using var grad = enable_grad();
            var gauss = matrix == CurvatureMatrix.Ggn ? LinearizeOutput() : null;
            graph = (gauss, gauss?.Pullback ?? Kept(Autograd.Gradients([risk.Forward()], _parameters, createGraph: true)));
        }

        if (AllocationMeter.IsAvailable) KeptBytes = (long)(AutodiffFootprint.Overhead * (AllocationMeter.Record(Build) is [.., var held] ? held : 0));
        else Build();
        (_gauss, _gradients) = graph;
    }

    /// <summary>Bytes of the graph; so many that it is not kept where that cannot be known.</summary>
    internal long KeptBytes { get; } = long.MaxValue / 4;

    /// <inheritdoc/>
    public EmpiricalRisk Risk { get; }

    /// <inheritdoc/>
    public BlockStructure Structure { get; }

    /// <inheritdoc/>
    public IReadOnlyList<Tensor?> Multiply(IReadOnlyList<Tensor?> vectors)
    {
        ArgumentNullException.ThrowIfNull(vectors);
        var products = new Tensor?[vectors.Count];
        if (Structure == BlockStructure.Full)
        {
            int[] blocks = [.. Enumerable.Range(0, vectors.Count).Where(b => vectors[b] is not null)];
            if (blocks.Length == 0) return products;
            long count = vectors[blocks[0]]!.shape[0];
            var rows = Enumerable.Range(0, _parameters.Length).Select(_ => new List<Tensor>()).ToArray();
            for (long p = 0; p < count; p++)
            {
                var product = Product(blocks, [.. blocks.Select(b => vectors[b]![p])], _parameters);
                for (int b = 0; b < rows.Length; b++) rows[b].Add(product[b]);
            }

            return [.. rows.Select(row => stack(row))];
        }

        for (int b = 0; b < products.Length; b++)
        {
            if (vectors[b] is not { } vector) continue;
            products[b] = stack(Enumerable.Range(0, (int)vector.shape[0])
                .Select(p => Product([b], [vector[p]], [_parameters[b]])[0]));
        }

        return products;
    }

    /// <summary>Rows of the product, for a vector whose other blocks are zero.</summary>
    private Tensor[] Product(int[] blocks, Tensor[] vector, Tensor[] rows)
    {
        Tensor[] pulled = [.. blocks.Select(b => _gradients[b])];
        if (_gauss is null) return Autograd.Gradients(pulled, rows, vector);

        var tangent = Autograd.Gradients(pulled, [_gauss.Dual], vector);
        var bent = Autograd.Gradients([_gauss.LossGradient], [_gauss.Point], tangent);
        return Autograd.Gradients([_gauss.Output], rows, bent);
    }

    private Gauss LinearizeOutput()
    {
        var output = Risk.ForwardModel();
        var dual = zeros_like(output).requires_grad_();
        var pullback = Autograd.Gradients([output], _parameters, [dual], createGraph: true);
        var point = output.detach().requires_grad_();
        var gradient = Autograd.Gradients([Risk.ForwardLoss(point)], [point], createGraph: true)[0];
        Kept([output, dual, point, gradient]);
        return new Gauss(output, dual, Kept(pullback), point, gradient);
    }

    private Tensor[] Kept(Tensor[] tensors)
    {
        foreach (var tensor in tensors) Keep(tensor);
        return tensors;
    }

    /// <summary>z(θ), u, Jᵀu (linear in u), a copy of z without a graph, and ∂ℓ/∂z there.</summary>
    private sealed record Gauss(Tensor Output, Tensor Dual, Tensor[] Pullback, Tensor Point, Tensor LossGradient);
}
