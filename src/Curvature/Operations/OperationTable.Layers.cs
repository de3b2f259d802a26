using ActorHutch.Curvature.Graphs;
using ActorHutch.Curvature.Modules;
using ActorHutch.Curvature.Sweeps;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Operations;

/// <content>TorchSharp's layers.</content>
public sealed partial class OperationTable
{
    private static OperationTable Layers(OperationTable table) => table
        .With<Linear>((layer, graph, input) => graph.Add(
            () => new LinearOperation(), [input, .. Parameters(graph, layer.weight, layer.bias)]))
        .With<Conv1d>(Convolution)
        .With<Conv2d>(Convolution)
        .With<Embedding>((layer, graph, input) => graph.Add(
            // The module's own property makes a new handle at each call.
            () => new EmbeddingOperation((table, numbers) => layer.call(numbers)), graph.Tensor(layer.parameters().Single()), input))
        .With<BatchNorm1d>(BatchNormalization)
        .With<BatchNorm2d>(BatchNormalization)
        .With<LayerNorm>((layer, graph, input) =>
        {
            int rank = layer.normalized_shape.Length;
            return graph.Add(
                () => new NormalizationOperation(
                    operands => layer.call(operands[0]), shape => [.. shape[..^rank], layer.normalized_shape.Aggregate((a, b) => a * b)],
                    shape => shape, layer.eps),
                [input, .. Parameters(graph, layer.weight, layer.bias)]);
        })
        .With<Flatten>((layer, graph, input) => graph.Add(() => new LinearMapOperation((x, leading) => x.flatten(
            layer.start_dim < 0 ? layer.start_dim : layer.start_dim + leading, layer.end_dim < 0 ? layer.end_dim : layer.end_dim + leading)), input))
        .With<Identity>((_, _, input) => input)
        .With<Dropout>((layer, graph, input) => Passed(layer, layer.p, graph, input))
        .With<Dropout1d>((layer, graph, input) => Passed(layer, layer.p, graph, input))
        .With<Dropout1dOfBothRanks>((layer, graph, input) => Passed(layer, layer.Probability, graph, input))
        .With<Dropout2d>((layer, graph, input) => Passed(layer, layer.p, graph, input))
        .With<MaxPool1d>((layer, graph, input) => graph.Add(
            () => new MaxPoolOperation(x => nn.functional.max_pool1d_with_indices(
                x, layer.kernel_size, layer.stride, layer.padding, layer.dilation, layer.ceil_mode), 1), input))
        .With<MaxPool2d>((layer, graph, input) => graph.Add(
            () => new MaxPoolOperation(x => nn.functional.max_pool2d_with_indices(
                x, layer.kernel_size, layer.stride, layer.padding, layer.dilation, layer.ceil_mode), 2), input))
        .With<AvgPool1d>(OverBatch)
        .With<AvgPool2d>(OverBatch)
        .With<AdaptiveAvgPool1d>(OverBatch)
        .With<AdaptiveAvgPool2d>(OverBatch)
        .WithElementwise<CELU>()
        .WithElementwise<ELU>()
        .WithElementwise<GELU>()
        .WithElementwise<Hardswish>()
        .WithPiecewiseLinear<Hardsigmoid>()
        .WithPiecewiseLinear<HardsigmoidByParts>()
        .WithPiecewiseLinear<Hardtanh>()
        .WithPiecewiseLinear<HardtanhOfCopy>()
        .WithPiecewiseLinear<LeakyReLU>()
        .WithElementwise<LogSigmoid>()
        .WithElementwise<Mish>()
        .WithPiecewiseLinear<ReLU>()
        .WithPiecewiseLinear<ReLU6>()
        .WithElementwise<SELU>()
        .WithElementwise<SiLU>()
        .WithElementwise<Sigmoid>()
        .WithElementwise<Softplus>()
        .WithElementwise<Softsign>()
        .WithElementwise<Tanh>()
        .WithElementwise<Tanhshrink>();

    private static IEnumerable<GraphValue> Parameters(GraphBuilder graph, params Tensor?[] parameters) =>
        parameters.Where(parameter => parameter is not null).Select(parameter => graph.Tensor(parameter!));

    /// <summary>A layer that is linear in its input and treats each sample for itself.</summary>
    private static GraphNode OverBatch(nn.Module<Tensor, Tensor> layer, GraphBuilder graph, GraphValue input) => graph.Add(
        () => new LinearMapOperation((x, leading) => leading == 0 ? layer.call(x) : Lanes.Merged(x, layer.call)), input);

    /// <summary>Dropout in evaluation mode; which shapes it takes is the layer's to say.</summary>
    private static GraphNode Passed(nn.Module<Tensor, Tensor> layer, double dropped, GraphBuilder graph, GraphValue input) =>
        layer.training && dropped > 0
            ? throw new CurvatureException($"{graph.Path} is in training mode and drops at random: call model.eval() first.")
            : graph.Add(() => new LinearMapOperation((x, leading) => leading == 0 ? layer.call(x) : x), input);

    private static GraphNode BatchNormalization(BatchNorm layer, GraphBuilder graph, GraphValue input)
    {
        const string Normalises = "normalises with the batch's own statistics";
        if (!layer.track_running_stats) throw Unserved(graph, Normalises);
        if (layer.training) throw new CurvatureException($"{graph.Path} {Normalises}: call model.eval() first.");

        return graph.Add(
            () => new BatchNormOperation(layer.running_mean!, layer.running_var!, layer.eps),
            [input, .. Parameters(graph, layer.weight, layer.bias)]);
    }

    private static GraphNode Convolution(Convolution layer, GraphBuilder graph, GraphValue input)
    {
        if (layer.transposed || layer.padding_mode != PaddingModes.Zeros)
            throw Unserved(graph, layer.transposed ? "is transposed" : $"is padded with mode {layer.padding_mode}");

        long[] padding = layer.padding ?? new long[layer.kernel_size.Length];
        if (layer.padding_type is not (null or Padding.Valid))
        {
            long[] total = [.. layer.kernel_size.Select((size, d) => layer.dilation[d] * (size - 1))];
            if (total.Any(t => t % 2 != 0))
                throw Unserved(graph, "is padded with 'same' and an even kernel, on one side more than on the other");
            padding = [.. total.Select(t => t / 2)];
        }

        var arguments = new ConvolutionArguments(layer.stride, padding, layer.dilation, false, [], layer.groups);
        return graph.Add(() => new ConvolutionOperation(arguments), [input, .. Parameters(graph, layer.weight, layer.bias)]);
    }
}
