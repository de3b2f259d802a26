using ActorHutch.Curvature.Graphs;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Operations;

/// <content>
/// What does not vary with the parameters: tensors that a model makes itself, comparisons, and numbers that are rounded. Their
/// derivative is 0 wherever there is one.
/// </content>
internal static partial class AtenTable
{
    private static void AddConstants()
    {
        void Filled(string name, Func<GraphCall, double> number) => Known[name] = (call, graph) =>
        {
            var size = call.Sizes("size");
            double value = number(call);
            var dtype = Dtype(call, graph);
            return graph.Add(samples => new UnvaryingOperation(_ =>
            {
                using TorchSharp.Scalar number = value;
                return full(size(samples), number, dtype, graph.Device);
            }));
        };
        Filled("zeros", _ => 0);
        Filled("ones", _ => 1);
        Filled("full", call => call.Number("fill_value"));
        Known["arange"] = (call, graph) =>
        {
            var (start, end, step) = (call.Size("start"), call.Size("end"), call.Size("step"));
            if (end is null) throw call.Wrong("end", "a whole number");
            return graph.Add(samples => new UnvaryingOperation(_ =>
            {
                using TorchSharp.Scalar first = start?.Invoke(samples) ?? 0, stop = end(samples), by = step?.Invoke(samples) ?? 1;
                return arange(first, stop, by, ScalarType.Int64, graph.Device);
            }));
        };
    }

    private static void AddComparisons()
    {
        void Of(string name, Func<Tensor, Tensor> function) =>
            Known[name] = (call, graph) => graph.Add(() => new UnvaryingOperation(x => function(x[0])), call.Value("self"));
        void OfTwo(string name, Func<Tensor, Tensor, Tensor> function) => Known[name] = (call, graph) =>
        {
            if (call.HasValue("other"))
                return graph.Add(() => new UnvaryingOperation(x => function(x[0], x[1])), call.Value("self"), call.Value("other"));
            double number = call.Number("other");
            bool isWhole = call.Arguments.GetValueOrDefault("other") is long;
            return graph.Add(() => new UnvaryingOperation(x => function(
                x[0], isWhole ? tensor((long)number, device: x[0].device) : tensor(number, device: x[0].device))), call.Value("self"));
        };
        OfTwo("eq", (a, b) => a.eq(b));
        OfTwo("ne", (a, b) => a.ne(b));
        OfTwo("lt", (a, b) => a.lt(b));
        OfTwo("le", (a, b) => a.le(b));
        OfTwo("gt", (a, b) => a.gt(b));
        OfTwo("ge", (a, b) => a.ge(b));
        OfTwo("logical_and", (a, b) => a.logical_and(b));
        OfTwo("logical_or", (a, b) => a.logical_or(b));
        OfTwo("logical_xor", (a, b) => a.logical_xor(b));
        OfTwo("bitwise_and", (a, b) => a.bitwise_and(b));
        OfTwo("bitwise_or", (a, b) => a.bitwise_or(b));
        OfTwo("floor_divide", (a, b) => a.div(b, RoundingMode.floor));
        Of("logical_not", x => x.logical_not());
        Of("bitwise_not", x => x.bitwise_not());
        Of("isnan", x => x.isnan());
        Of("isinf", x => x.isinf());
        Of("isfinite", x => x.isfinite());
        Of("floor", x => x.floor());
        Of("ceil", x => x.ceil());
        Of("round", x => x.round());
        Of("trunc", x => x.trunc());
        Of("sign", x => x.sign());
        void Like(string name, Func<GraphCall, double> value) => Known[name] = (call, graph) =>
        {
            double filled = value(call);
            ScalarType? dtype = call.Arguments.GetValueOrDefault("dtype") is null ? null : Dtype(call, graph);
            return graph.Add(() => new UnvaryingOperation(x =>
            {
                using TorchSharp.Scalar number = filled;
                return full_like(x[0], number, dtype ?? x[0].dtype);
            }), call.Value("self"));
        };
        Like("zeros_like", _ => 0);
        Like("ones_like", _ => 1);
        Like("full_like", call => call.Number("fill_value"));
        Known["_to_copy"] = (call, graph) =>
        {
            if (call.Arguments.GetValueOrDefault("dtype") is null) return call.Value("self");
            var dtype = Dtype(call, graph);
            return Map(graph, call.Value("self"), (x, leading) => leading == 0 ? x.to(dtype) : x);
        };
    }

    private static ScalarType Dtype(GraphCall call, GraphBuilder graph) => call.Arguments.GetValueOrDefault("dtype") is null
        ? graph.Dtype
        : GraphDtypes.All.TryGetValue(call.Word("dtype"), out var dtype)
            ? dtype ?? graph.Dtype
            : throw call.Wrong("dtype", $"one of {string.Join(", ", GraphDtypes.All.Keys)}");

    /// <summary>An operation whose result has no tangent.</summary>
    private sealed class UnvaryingOperation(Func<IReadOnlyList<Tensor>, Tensor> value) : Operation
    {
        protected internal override Tensor Value(IReadOnlyList<Tensor> operands) => value(operands).detach();

        public override Tensor? Tangent(Tangents operands, Sweep sweep) => null;
    }
}
