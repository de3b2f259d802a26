using ActorHutch.Curvature.Graphs;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Operations;

/// <summary>
/// ATen's operations by their names: what each is here. An operation that is not listed is libtorch's own,
/// <see cref="LibTorchOperation"/>.
/// </summary>
internal static partial class AtenTable
{
    private delegate GraphValue Lowering(GraphCall call, GraphBuilder graph);

    private static readonly Dictionary<string, Lowering> Known = new(StringComparer.Ordinal);

    static AtenTable()
    {
        AddElementwise();
        AddMaps();
        AddProducts();
        AddLayers();
        AddConstants();
        AddComparisons();
    }

    /// <summary>Names of the operations that have a rule, sorted.</summary>
    public static IEnumerable<string> Names => Known.Keys.Order(StringComparer.Ordinal);

    /// <summary>Writes an operation to a graph.</summary>
    /// <exception cref="CurvatureException">It does not exist, or an argument is wrong.</exception>
    public static GraphValue Lower(GraphCall call, GraphBuilder graph)
    {
        graph.Path = $"Node {call.Node} ({call.Operation})";
        if (call.Operation == "getitem") return Item(call);
        return Known.TryGetValue(call.Operation, out var lowering) ? lowering(call, graph) : LibTorchCall.Lower(call, graph);
    }

    private static GraphValue Item(GraphCall call)
    {
        var items = call.Tuple("input").Items;
        long index = call.Integer("index");
        return index >= 0 && index < items.Count && items[(int)index] is { } item
            ? item
            : throw call.Wrong("index", $"one of {string.Join(", ", Enumerable.Range(0, items.Count).Where(i => items[i] is not null))}");
    }

    /// <summary>A dimension, with so many before the first.</summary>
    private static long Shift(long dimension, int leading) => dimension < 0 ? dimension : dimension + leading;

    private static long[] Shift(long[] dimensions, int leading) => [.. dimensions.Select(d => Shift(d, leading))];

    private static GraphNode Map(GraphBuilder graph, GraphValue operand, Func<Tensor, int, Tensor> apply) =>
        graph.Add(() => new LinearMapOperation(apply), operand);

    private static GraphNode Map(GraphBuilder graph, GraphValue operand, Func<Tensor, int, long, Tensor> apply) =>
        graph.Add(samples => new LinearMapOperation((x, leading) => apply(x, leading, samples)), operand);

    private static GraphNode Elementwise(GraphBuilder graph, GraphValue operand, Func<Tensor, Tensor> function, bool isPiecewiseLinear = false) =>
        graph.Add(() => new ElementwiseOperation(function, isPiecewiseLinear), operand);

    private static GraphNode Multiply(GraphBuilder graph, GraphValue a, GraphValue b) => graph.Add(() => new MultiplyOperation(), a, b);

    private static GraphNode Add(GraphBuilder graph, GraphValue a, GraphValue b, double factor = 1) =>
        graph.Add(() => new SumOperation(factor), a, b);
}
