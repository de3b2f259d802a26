using ActorHutch.Curvature.Graphs;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ActorHutch.Curvature.Operations;

/// <content>Convolutions, normalisations, embeddings, pooling, softmax.</content>
internal static partial class AtenTable
{
    private static void AddLayers()
    {
        Known["convolution"] = (call, graph) =>
        {
            long[] stride = call.Integers("stride");
            int dimensions = stride.Length;
            var arguments = new ConvolutionArguments(
                stride, call.Integers("padding", dimensions), call.Integers("dilation", dimensions), call.Flag("transposed"),
                call.Integers("output_padding", dimensions), call.Integer("groups"));
            return graph.Add(
                () => new ConvolutionOperation(arguments), Given(call.Value("input"), call.Value("weight"), call.Optional("bias")));
        };
        Known["native_batch_norm"] = BatchNormalization;
        Known["_native_batch_norm_legit_no_training"] = BatchNormalization;
        Known["_native_batch_norm_legit"] = BatchNormalization;
        Known["native_layer_norm"] = (call, graph) =>
        {
            long[] shape = call.Integers("normalized_shape");
            double epsilon = call.Number("eps");
            var operands = Affine(call);
            return First(graph.Add(
                () => new NormalizationOperation(
                    x => functional.layer_norm(x[0], shape, At(x, 1), At(x, 2), epsilon),
                    whole => [.. whole[..^shape.Length], shape.Aggregate(1L, (a, b) => a * b)], own => own, epsilon),
                operands));
        };
        Known["native_group_norm"] = (call, graph) =>
        {
            long groups = call.Integer("group");
            double epsilon = call.Number("eps");
            var operands = Affine(call);
            return First(graph.Add(
                () => new NormalizationOperation(
                    x => functional.group_norm(x[0], groups, At(x, 1), At(x, 2), epsilon),
                    whole => [whole[0], groups, whole[1..].Aggregate(1L, (a, b) => a * b) / groups], own => [.. own, 1, 1], epsilon),
                operands));
        };
        Known["_softmax"] = (call, graph) => graph.Add(() => new SoftmaxOperation(call.Integer("dim"), false), call.Value("self"));
        Known["softmax"] = Known["_softmax"];
        Known["_log_softmax"] = (call, graph) => graph.Add(() => new SoftmaxOperation(call.Integer("dim"), true), call.Value("self"));
        Known["log_softmax"] = Known["_log_softmax"];
        Known["embedding"] = (call, graph) => Rows(graph, call.Value("weight"), call.Value("indices"), call.Integer("padding_idx", -1));
        Known["_embedding_bag"] = (call, graph) =>
        {
            long mode = call.Integer("mode", 0);
            if (mode > 1 || call.Arguments.GetValueOrDefault("per_sample_weights") is not null
                || call.Flag("include_last_offset", false) || call.Integer("padding_idx", -1) >= 0)
            {
                throw call.Wrong("mode", "0 (sum) or 1 (mean), without per_sample_weights, include_last_offset and padding_idx");
            }

            return First(graph.Add(
                () => new BagOperation(mode == 1), Rows(graph, call.Value("weight"), call.Value("indices"), -1), call.Value("offsets")));
        };
        Known["_embedding_bag_forward_only"] = Known["_embedding_bag"];
        Known["max_pool2d_with_indices"] = (call, graph) =>
        {
            long[] kernel = call.Integers("kernel_size", 2), padding = call.Integers("padding", 2), dilation = call.Integers("dilation", 2);
            long[] stride = call.IsEmpty("stride") ? kernel : call.Integers("stride", 2);
            bool ceil = call.Flag("ceil_mode", false);
            return First(graph.Add(
                () => new MaxPoolOperation(x => functional.max_pool2d_with_indices(x, kernel, stride, padding, dilation, ceil), 2),
                call.Value("self")));
        };
        Known["_weight_norm_interface"] = (call, graph) =>
        {
            long dimension = call.Integer("dim", 0);
            var direction = call.Value("v");
            var squares = Map(graph, Elementwise(graph, direction, x => x.Squared()), (x, leading) => x.sum(
                [.. Enumerable.Range(leading, (int)x.dim() - leading).Select(d => (long)d).Where(d => d != Shift(dimension, leading))], true));
            var ratio = graph.Add(() => new DivideOperation(), call.Value("g"), Elementwise(graph, squares, x => x.sqrt()));
            return First(Multiply(graph, direction, ratio));
        };
    }

    private static GraphNode Rows(GraphBuilder graph, GraphValue table, GraphValue numbers, long padding) => graph.Add(
        () => new EmbeddingOperation((rows, places) =>
        {
            var found = rows.index_select(0, places.flatten()).view([.. places.shape, rows.shape[1]]);
            if (padding < 0) return found;
            // The padding row takes no part in differentiation.
            using TorchSharp.Scalar row = padding;
            return where(places.eq(row).unsqueeze(-1), found.detach(), found);
        }),
        table, numbers);

    private static GraphTuple BatchNormalization(GraphCall call, GraphBuilder graph)
    {
        double epsilon = call.Number("eps");
        if (!call.Flag("training", false))
        {
            var (mean, variance) = (Constant(call, "running_mean"), Constant(call, "running_var"));
            return First(graph.Add(() => new BatchNormOperation(mean, variance, epsilon), Affine(call)));
        }

        // Instance normalisation: [1, N·C, …], each channel for itself.
        return First(graph.Add(
            () => new NormalizationOperation(
                x => x[0].shape[0] == 1
                    ? functional.batch_norm(x[0], null!, null!, At(x, 1), At(x, 2), training: true, eps: epsilon)
                    : throw new CurvatureException(
                        $"Node {call.Node} normalises with the batch's own statistics: call model.eval() before the export."),
                whole => [whole[0], whole[1], whole[2..].Aggregate(1L, (a, b) => a * b)], own => [.. own, .. new long[] { 1, 1 }], epsilon),
            Affine(call)));
    }

    private static Tensor Constant(GraphCall call, string name) => call.Value(name) is GraphTensor { Varies: false } leaf
        ? leaf.Tensor
        : throw call.Wrong(name, "a constant");

    /// <summary>The value, scale and shift of a normalisation.</summary>
    private static IReadOnlyList<GraphValue> Affine(GraphCall call)
    {
        if (call.Optional("weight") is null && call.Optional("bias") is not null) throw call.Wrong("weight", "a value, since there is a bias");
        return Given(call.Value("input"), call.Optional("weight"), call.Optional("bias"));
    }

    private static Tensor? At(IReadOnlyList<Tensor> operands, int index) => index < operands.Count ? operands[index] : null;

    /// <summary>The first of several results; nothing here reads the others.</summary>
    private static GraphTuple First(GraphValue value) => new([value, null, null, null]);
}
