using ActorHutch.Curvature.Graphs;
using ActorHutch.Curvature.Sweeps;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ActorHutch.Curvature.Operations;

/// <content>Operations that are linear in their operands: shapes, parts, sums and averages.</content>
internal static partial class AtenTable
{
    private static void AddMaps()
    {
        Known["reshape"] = (call, graph) =>
        {
            var shape = call.Sizes("shape");
            return Map(graph, call.Value("self"), (x, leading, n) => x.reshape([.. x.shape[..leading], .. shape(n)]));
        };
        Known["detach"] = (call, graph) => Map(graph, call.Value("self"), (x, _) => x.detach());
        Known["permute"] = (call, graph) =>
        {
            long[] order = call.Integers("dims");
            return Map(graph, call.Value("self"), (x, leading) => leading == 0
                ? x.permute(order)
                : x.permute([0, .. order.Select(d => (d < 0 ? d + order.Length : d) + 1)]));
        };
        Known["t"] = (call, graph) => Transposed(call.Value("self"), graph, (x, leading) => x.dim() - leading < 2 ? x.alias() : x.transpose(-1, -2));
        Known["transpose"] = (call, graph) =>
        {
            long a = call.Integer("dim0"), b = call.Integer("dim1");
            return Map(graph, call.Value("self"), (x, leading) => x.transpose(Shift(a, leading), Shift(b, leading)));
        };
        Known["expand"] = (call, graph) =>
        {
            var size = call.Sizes("size");
            return Map(graph, call.Value("self"), (x, leading, n) =>
            {
                long[] wanted = size(n);
                return leading == 0 ? x.expand(wanted) : Lanes.Align(x, wanted.Length).expand([x.shape[0], .. wanted]);
            });
        };
        Known["repeat"] = (call, graph) =>
        {
            var repeats = call.Sizes("repeats");
            return Map(graph, call.Value("self"), (x, leading, n) =>
            {
                long[] times = repeats(n);
                return leading == 0 ? x.repeat(times) : Lanes.Align(x, times.Length).repeat([1, .. times]);
            });
        };
        Known["select"] = (call, graph) =>
        {
            long dimension = call.Integer("dim");
            var index = call.Size("index") ?? throw call.Wrong("index", "a whole number");
            return Map(graph, call.Value("self"), (x, leading, n) => x.select(Shift(dimension, leading), index(n)));
        };
        Known["slice"] = (call, graph) =>
        {
            long dimension = call.Integer("dim", 0), step = call.Integer("step", 1);
            var start = call.Size("start");
            var end = call.Size("end");
            return Map(graph, call.Value("self"), (x, leading, n) => x.slice(
                Shift(dimension, leading), start?.Invoke(n) ?? 0, end?.Invoke(n) ?? long.MaxValue, step));
        };
        Known["slice_scatter"] = (call, graph) =>
        {
            long dimension = call.Integer("dim", 0), step = call.Integer("step", 1);
            var (start, end) = (call.Size("start"), call.Size("end"));
            return Written(call, graph, (x, leading, n) => x.slice(
                Shift(dimension, leading), start?.Invoke(n) ?? 0, end?.Invoke(n) ?? long.MaxValue, step));
        };
        Known["select_scatter"] = (call, graph) =>
        {
            long dimension = call.Integer("dim"), index = call.Integer("index");
            return Written(call, graph, (x, leading, _) => x.select(Shift(dimension, leading), index));
        };
        Known["unsqueeze"] = (call, graph) =>
        {
            long dimension = call.Integer("dim");
            return Map(graph, call.Value("self"), (x, leading) => x.unsqueeze(Shift(dimension, leading)));
        };
        Known["squeeze"] = (call, graph) =>
        {
            if (call.Arguments.GetValueOrDefault("dim") is null) return LibTorchCall.Lower(call, graph);
            long dimension = call.Integer("dim");
            return Map(graph, call.Value("self"), (x, leading) => x.squeeze(Shift(dimension, leading)));
        };
        Known["flip"] = (call, graph) =>
        {
            long[] dimensions = call.Integers("dims");
            return Map(graph, call.Value("self"), (x, leading) => x.flip(Shift(dimensions, leading)));
        };
        Known["roll"] = (call, graph) =>
        {
            if (call.IsEmpty("dims")) return LibTorchCall.Lower(call, graph);
            long[] shifts = call.Integers("shifts"), dimensions = call.Integers("dims");
            return Map(graph, call.Value("self"), (x, leading) => x.roll(shifts, Shift(dimensions, leading)));
        };
        Known["constant_pad_nd"] = (call, graph) =>
        {
            long[] pad = call.Integers("pad");
            double value = call.Number("value", 0);
            return Map(graph, call.Value("self"), (x, leading) => functional.pad(x, pad, PaddingModes.Constant, leading == 0 ? value : 0));
        };
        Known["tril"] = (call, graph) => Map(graph, call.Value("self"), (x, _) => x.tril(call.Integer("diagonal", 0)));
        Known["triu"] = (call, graph) => Map(graph, call.Value("self"), (x, _) => x.triu(call.Integer("diagonal", 0)));
        Known["cumsum"] = (call, graph) => Map(graph, call.Value("self"), (x, leading) => x.cumsum(Shift(call.Integer("dim"), leading)));
        Known["sum"] = (call, graph) => Reduced(call, graph, (x, dims, keep) => x.sum(dims, keep));
        Known["mean"] = (call, graph) => Reduced(call, graph, (x, dims, keep) => x.mean(dims, keep));
        Known["cat"] = (call, graph) =>
        {
            long dimension = call.Integer("dim", 0);
            return graph.Add(() => new LinearMapOperation((x, leading) => cat([.. x], Shift(dimension, leading))), call.Values("tensors"));
        };
        Known["stack"] = (call, graph) =>
        {
            long dimension = call.Integer("dim", 0);
            return graph.Add(() => new LinearMapOperation((x, leading) => stack(x, Shift(dimension, leading))), call.Values("tensors"));
        };
        Known["split"] = (call, graph) => Split(call, graph);
        Known["unsafe_split"] = Known["split"];
        Known["split_with_sizes"] = Known["split"];
        Known["unbind"] = (call, graph) =>
        {
            long dimension = call.Integer("dim", 0);
            return new GraphTuple(new Parts(index => Map(graph, call.Value("self"), (x, leading) => x.select(Shift(dimension, leading), index))));
        };
        Known["index"] = (call, graph) =>
        {
            var indices = call.OptionalValues("indices");
            return graph.Add(
                () => new IndexOperation([.. indices.Select(index => index is not null)]),
                [call.Value("self"), .. indices.Where(index => index is not null).Select(index => index!)]);
        };
        Known["masked_fill"] = (call, graph) => call.HasValue("value")
            ? LibTorchCall.Lower(call, graph)
            : Selection(graph, call.Value("self"), call.Value("mask"), Filled(call.Number("value")));
        Known["gather"] = (call, graph) =>
        {
            long dimension = call.Integer("dim");
            return Selection(graph, call.Value("self"), call.Value("index"), (x, index, leading) => leading == 0
                ? x.gather(dimension, index)
                : x.gather(Shift(dimension, leading), index.expand([x.shape[0], .. index.shape])));
        };
        Known["index_select"] = (call, graph) =>
        {
            long dimension = call.Integer("dim");
            return Selection(graph, call.Value("self"), call.Value("index"), (x, index, leading) => x.index_select(Shift(dimension, leading), index));
        };
        Known["where"] = (call, graph) => call.HasValue("self") && call.HasValue("other")
            ? graph.Add(() => new ChoiceOperation(), call.Value("condition"), call.Value("self"), call.Value("other"))
            : LibTorchCall.Lower(call, graph);
        Known["avg_pool2d"] = (call, graph) =>
        {
            long[] kernel = call.Integers("kernel_size", 2), padding = call.Integers("padding", 2);
            long[] stride = call.IsEmpty("stride") ? kernel : call.Integers("stride", 2);
            bool ceil = call.Flag("ceil_mode", false), counts = call.Flag("count_include_pad", true);
            long? divisor = call.Arguments.GetValueOrDefault("divisor_override") is null ? null : call.Integer("divisor_override");
            return Batched(graph, call.Value("self"), x => functional.avg_pool2d(x, kernel, stride, padding, ceil, counts, divisor));
        };
        Known["_adaptive_avg_pool2d"] = (call, graph) =>
        {
            long[] size = call.Integers("output_size", 2);
            return Batched(graph, call.Value("self"), x => functional.adaptive_avg_pool2d(x, size));
        };
        Known["upsample_bilinear2d"] = (call, graph) => Upsampled(call, graph, InterpolationMode.Bilinear);
        Known["upsample_nearest2d"] = (call, graph) => Upsampled(call, graph, InterpolationMode.Nearest);
    }

    private static GraphNode Selection(GraphBuilder graph, GraphValue value, GraphValue places, Func<Tensor, Tensor, int, Tensor> apply) =>
        graph.Add(() => new SelectionOperation(apply), value, places);

    /// <summary>A number at the places of a mask; a tangent has 0 there.</summary>
    private static Func<Tensor, Tensor, int, Tensor> Filled(double number) => (x, mask, leading) =>
    {
        using Scalar constant = leading == 0 ? number : 0;
        var wide = leading == 0 ? x : Lanes.Align(x, (int)Math.Max(x.dim() - leading, mask.dim()));
        return wide.masked_fill(mask, constant);
    };

    /// <summary>One value written to a part of another.</summary>
    private static GraphNode Written(GraphCall call, GraphBuilder graph, Func<Tensor, int, long, Tensor> part) => graph.Add(
        samples => new LinearMapOperation((IReadOnlyList<Tensor> x, int leading) =>
        {
            var whole = x[0].clone();
            part(whole, leading, samples).copy_(x[1]);
            return whole;
        }),
        call.Value("self"), call.Value("src"));

    private static GraphNode Transposed(GraphValue value, GraphBuilder graph, Func<Tensor, int, Tensor> apply)
    {
        var node = Map(graph, value, apply);
        if (value is GraphTensor leaf) graph.Transposes[node] = leaf;
        return node;
    }

    private static GraphNode Reduced(GraphCall call, GraphBuilder graph, Func<Tensor, long[], bool, Tensor> reduce)
    {
        bool keep = call.Flag("keepdim", false);
        long[]? dims = call.IsEmpty("dim") ? null : call.Integers("dim");
        return Map(graph, call.Value("self"), (x, leading) => reduce(
            x, dims is null ? [.. Enumerable.Range(leading, (int)x.dim() - leading).Select(d => (long)d)] : Shift(dims, leading), keep));
    }

    private static GraphNode Batched(GraphBuilder graph, GraphValue value, Func<Tensor, Tensor> operation) =>
        Map(graph, value, (x, leading) => leading == 0 ? operation(x) : Lanes.Merged(x, operation));

    private static GraphNode Upsampled(GraphCall call, GraphBuilder graph, InterpolationMode mode)
    {
        bool? corners = mode == InterpolationMode.Nearest ? null : call.Flag("align_corners", false);
        long[]? size = call.IsEmpty("output_size") ? null : call.Integers("output_size");
        double[]? scales = call.Arguments.GetValueOrDefault("scale_factors") is IReadOnlyList<object?> given
            ? [.. given.Select(number => Convert.ToDouble(number, System.Globalization.CultureInfo.InvariantCulture))]
            : null;
        return Batched(graph, call.Value(call.HasValue("input") ? "input" : "self"), x => functional.interpolate(x, size, scales, mode, corners));
    }

    private static GraphTuple Split(GraphCall call, GraphBuilder graph)
    {
        long dimension = call.Integer("dim", 0);
        if (call.IsEmpty("split_sizes"))
        {
            var size = call.Size("split_size") ?? throw call.Wrong("split_size", "a whole number");
            return new GraphTuple(new Parts(index => Map(graph, call.Value("self"), (x, leading, n) =>
            {
                long axis = Shift(dimension, leading), width = size(n);
                long length = x.shape[axis < 0 ? axis + x.dim() : axis];
                return x.narrow(axis, index * width, Math.Min(width, length - index * width));
            })));
        }

        var sizes = call.Sizes("split_sizes");
        return new GraphTuple(new Parts(index => Map(graph, call.Value("self"), (x, leading, n) =>
        {
            long[] widths = sizes(n);
            return x.narrow(Shift(dimension, leading), widths[..index].Sum(), widths[index]);
        })));
    }

    /// <summary>Parts of a value that are written to the graph when they are asked for: how many there are, the value's shape says.</summary>
    private sealed class Parts(Func<int, GraphValue> part) : IReadOnlyList<GraphValue?>
    {
        private const int Most = 1 << 16;

        public int Count => Most;

        public GraphValue? this[int index] => part(index);

        public IEnumerator<GraphValue?> GetEnumerator() => Enumerable.Range(0, Count).Select(index => this[index]).GetEnumerator();

        System.Collections.IEnumerator System.Collections.IEnumerable.GetEnumerator() => GetEnumerator();
    }
}
