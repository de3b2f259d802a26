using ActorHutch.Curvature.Graphs;

namespace ActorHutch.Curvature.Operations;

/// <content>Products of matrices. Those with a parameter's transpose are linear layers.</content>
internal static partial class AtenTable
{
    private static void AddProducts()
    {
        Known["linear"] = (call, graph) => graph.Add(
            () => new LinearOperation(), Given(call.Value("input"), call.Value("weight"), call.Optional("bias")));
        Known["mm"] = (call, graph) => Product(graph, call.Value("self"), call.Value("mat2"));
        Known["bmm"] = Known["mm"];
        Known["addmm"] = (call, graph) =>
        {
            double alpha = call.Number("alpha", 1), beta = call.Number("beta", 1);
            if (alpha != 1 || beta != 1) return LibTorchCall.Lower(call, graph);
            var (left, right, added) = (call.Value("mat1"), call.Value("mat2"), call.Value("self"));
            return Layer(graph, right) is { } weight && added is GraphTensor { Tensor: { } bias } && bias.dim() == 1
                ? graph.Add(() => new LinearOperation(), left, weight, added)
                : Add(graph, Product(graph, left, right), added);
        };
        Known["baddbmm"] = (call, graph) =>
        {
            double alpha = call.Number("alpha", 1), beta = call.Number("beta", 1);
            var product = Product(graph, call.Value("batch1"), call.Value("batch2"));
            if (alpha != 1) product = Scaled(graph, product, alpha);
            // A factor of 0 ignores what is added, be it not a number.
            if (beta == 0) return product;
            var added = call.Value("self");
            return Add(graph, product, beta == 1 ? added : Scaled(graph, added, beta));
        };
        Known["mv"] = (call, graph) => Map(
            graph, Product(graph, call.Value("self"), Map(graph, call.Value("vec"), (x, _) => x.unsqueeze(-1))), (x, _) => x.squeeze(-1));
        Known["dot"] = (call, graph) => Map(
            graph, Multiply(graph, call.Value("self"), call.Value("tensor")), (x, _) => x.sum(-1));
    }

    private static GraphNode Product(GraphBuilder graph, GraphValue left, GraphValue right) => Layer(graph, right) is { } weight
        ? graph.Add(() => new LinearOperation(), left, weight)
        : graph.Add(() => new MatrixProductOperation(), left, right);

    /// <summary>The weight of a linear layer, where a value is a parameter's transpose.</summary>
    private static GraphTensor? Layer(GraphBuilder graph, GraphValue value) =>
        value is GraphNode node ? graph.Transposes.GetValueOrDefault(node) : null;

    private static IReadOnlyList<GraphValue> Given(params GraphValue?[] values) => [.. values.Where(value => value is not null).Select(value => value!)];
}
