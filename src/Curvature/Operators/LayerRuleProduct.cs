using ActorHutch.Curvature.Graphs;
using ActorHutch.Curvature.Operations;
using ActorHutch.Curvature.Risks;
using ActorHutch.Curvature.Sweeps;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Operators;

/// <summary>
/// Products with a whole stack of vectors at once, by layer rules: the R-forward sweep of B. A. Pearlmutter (1994),
/// and libtorch's backward pass through that sweep, since H v = ½ ∂(vᵀHv)/∂v.
/// </summary>
public sealed class LayerRuleProduct : ICurvatureProduct
{
    private readonly Linearization _linearization;

    /// <summary>Passes the batch through the model once.</summary>
    /// <param name="risk">The risk.</param>
    /// <param name="matrix">Hessian or GGN.</param>
    /// <param name="structure">Block-diagonal or full.</param>
    /// <param name="table">The layer rules; null for <see cref="OperationTable.Default"/>.</param>
    /// <exception cref="CurvatureException">A layer or the loss has no rule.</exception>
    public LayerRuleProduct(
        EmpiricalRisk risk, CurvatureMatrix matrix, BlockStructure structure, OperationTable? table = null)
        : this(new Linearization(risk, matrix, table ?? OperationTable.Default), structure)
    {
    }

    /// <summary>Takes a batch that has been passed through the model, which is its own then.</summary>
    internal LayerRuleProduct(Linearization linearization, BlockStructure structure) =>
        (_linearization, Risk, Structure) = (linearization, linearization.Risk, structure);

    /// <inheritdoc/>
    public EmpiricalRisk Risk { get; }

    /// <inheritdoc/>
    public BlockStructure Structure { get; }

    /// <summary>The layers, for those who plan memory.</summary>
    internal IEnumerable<Operation> Operations => _linearization.Operations;

    /// <inheritdoc/>
    public IReadOnlyList<Tensor?> Multiply(IReadOnlyList<Tensor?> vectors)
    {
        ArgumentNullException.ThrowIfNull(vectors);
        if (Structure == BlockStructure.Full)
        {
            if (vectors.FirstOrDefault(v => v is not null) is not { } some) return new Tensor?[vectors.Count];
            long count = some.shape[0];
            return Multiply(
                [.. vectors.Select((v, b) => v ?? zeros([count, .. Risk.Blocks[b].Shape], Risk.Dtype, Risk.Device))],
                [.. Enumerable.Range(0, vectors.Count)]);
        }

        return [.. vectors.Select((v, b) => v is null ? null : Multiply([v], [b])[0])];
    }

    /// <inheritdoc/>
    public void Dispose() => _linearization.Dispose();

    private Tensor[] Multiply(Tensor[] vectors, int[] blocks)
    {
        Tensor[] probes = [.. vectors.Select(vector => vector.detach().requires_grad_())];
        var byParameter = blocks.Zip(probes).ToDictionary(
            pair => Risk.Blocks[pair.First].Parameter.Handle, pair => new BlockProbes(pair.Second));
        using var grad = enable_grad();
        var forms = _linearization.QuadraticForms((int)vectors[0].shape[0], byParameter);
        var products = Autograd.Gradients([forms.sum()], probes);
        foreach (var product in products) product.TimesInPlace(0.5);
        return products;
    }
}
