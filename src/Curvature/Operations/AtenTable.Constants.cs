using ActorHutch.Curvature.Graphs;
using ActorHutch.Curvature.Models.Description;
using ActorHutch.Curvature.Sweeps;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Operations;

/// <content>Tensors that a model makes itself, of a size that depends on the batch.</content>
internal static partial class AtenTable
{
    private static void AddConstants()
    {
        void Filled(string name, Func<GraphCall, double> number) => Known[name] = (call, graph) =>
        {
            var size = call.Sizes("size");
            double value = number(call);
            var dtype = Dtype(call, graph);
            return graph.Add(samples => new ConstantOperation(() =>
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
            return graph.Add(samples => new ConstantOperation(() =>
            {
                using TorchSharp.Scalar first = start?.Invoke(samples) ?? 0, stop = end(samples), by = step?.Invoke(samples) ?? 1;
                return arange(first, stop, by, ScalarType.Int64, graph.Device);
            }));
        };
    }

    private static ScalarType Dtype(GraphCall call, GraphBuilder graph) => call.Arguments.GetValueOrDefault("dtype") is null
        ? graph.Dtype
        : GraphReader.Dtypes.TryGetValue(call.Word("dtype"), out var dtype)
            ? dtype ?? graph.Dtype
            : throw call.Wrong("dtype", $"one of {string.Join(", ", GraphReader.Dtypes.Keys)}");

    /// <summary>A tensor without operands, and so without a tangent.</summary>
    private sealed class ConstantOperation(Func<Tensor> make) : Operation
    {
        protected internal override Tensor Value(IReadOnlyList<Tensor> operands) => make();

        public override Tensor? Tangent(Tangents operands, Sweep sweep) => null;
    }
}
