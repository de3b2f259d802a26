using ActorHutch.Curvature.Graphs;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ActorHutch.Curvature.Operations;

/// <content>Functions of each number for itself, and sums and products of numbers at the same place.</content>
internal static partial class AtenTable
{
    private static void AddElementwise()
    {
        void Curve(string name, Func<GraphCall, Func<Tensor, Tensor>> function) =>
            Known[name] = (call, graph) => Elementwise(graph, call.Value("self"), function(call));
        void Line(string name, Func<GraphCall, Func<Tensor, Tensor>> function) =>
            Known[name] = (call, graph) => Elementwise(graph, call.Value("self"), function(call), isPiecewiseLinear: true);

        Line("relu", _ => x => x.relu());
        Line("relu6", _ => x => functional.relu6(x));
        Line("abs", _ => x => x.abs());
        // The derivative of libtorch's own has a sixth of float32, whatever it computes in.
        Line("hardsigmoid", _ => x => functional.relu6(x.Plus(3)).Times(1.0 / 6));
        Line("hardtanh", call => Hardtanh(call.Number("min_val", -1), call.Number("max_val", 1)));
        Line("clamp", call => Clamp(call.OptionalNumber("min"), call.OptionalNumber("max")));
        Line("clamp_min", call => Clamp(call.Number("min"), null));
        Line("clamp_max", call => Clamp(null, call.Number("max")));
        Line("leaky_relu", call => Slope(call.Number("negative_slope", 0.01)));
        Curve("sigmoid", _ => x => x.sigmoid());
        Curve("tanh", _ => x => x.tanh());
        Curve("gelu", call => call.Word("approximate", "none") == "tanh"
            ? x => functional.gelu(x, TorchSharp.Modules.GELU.Approximate.tanh)
            : x => functional.gelu(x, TorchSharp.Modules.GELU.Approximate.none));
        Curve("silu", _ => x => functional.silu(x));
        Curve("mish", _ => x => functional.mish(x));
        Curve("hardswish", _ => x => functional.hardswish(x));
        Curve("softplus", call => Softplus(call.Number("beta", 1), call.Number("threshold", 20)));
        Curve("exp", _ => x => x.exp());
        Curve("expm1", _ => x => x.expm1());
        Curve("log", _ => x => x.log());
        Curve("log1p", _ => x => x.log1p());
        Curve("log2", _ => x => x.log2());
        Curve("sqrt", _ => x => x.sqrt());
        Curve("rsqrt", _ => x => x.rsqrt());
        Curve("reciprocal", _ => x => x.reciprocal());
        Curve("sin", _ => x => x.sin());
        Curve("cos", _ => x => x.cos());
        Curve("erf", _ => x => x.erf());
        Curve("square", _ => x => x.Squared());

        Known["neg"] = (call, graph) => Map(graph, call.Value("self"), (x, _) => x.neg());
        Known["add"] = (call, graph) => Sum(call, graph, call.Number("alpha", 1));
        Known["sub"] = (call, graph) => Sum(call, graph, -call.Number("alpha", 1));
        Known["rsub"] = (call, graph) => call.HasValue("other")
            ? Add(graph, call.Value("other"), call.Value("self"), -call.Number("alpha", 1))
            : Elementwise(graph, call.Value("self"), Affine(-call.Number("alpha", 1), call.Number("other")), isPiecewiseLinear: true);
        Known["mul"] = (call, graph) => call.HasValue("other")
            ? Multiply(graph, call.Value("self"), call.Value("other"))
            : Scaled(graph, call.Value("self"), call.Number("other"));
        Known["div"] = (call, graph) => call.Arguments.GetValueOrDefault("rounding_mode") is not null
            ? LibTorchCall.Lower(call, graph)
            : call.HasValue("other")
                ? graph.Add(() => new DivideOperation(), call.Value("self"), call.Value("other"))
                : Divided(graph, call.Value("self"), call.Number("other"));
        Known["pow"] = (call, graph) =>
        {
            if (call.HasValue("exponent") || !call.HasValue("self")) return LibTorchCall.Lower(call, graph);
            double exponent = call.Number("exponent");
            return exponent == 1 ? call.Value("self") : exponent == 2
                ? Elementwise(graph, call.Value("self"), x => x.Squared())
                : Elementwise(graph, call.Value("self"), Power(exponent));
        };
        Known["glu"] = (call, graph) =>
        {
            long dimension = call.Integer("dim", -1);
            GraphNode Half(int half) => Map(graph, call.Value("self"), (x, leading) => x.chunk(2, Shift(dimension, leading))[half]);
            return Multiply(graph, Half(0), Elementwise(graph, Half(1), x => x.sigmoid()));
        };
        Known["prelu"] = (call, graph) => graph.Add(() => new PReluOperation(), call.Value("self"), call.Value("weight"));
        Known["_prelu_kernel"] = Known["prelu"];
    }

    private static GraphNode Sum(GraphCall call, GraphBuilder graph, double factor) => call.HasValue("other")
        ? Add(graph, call.Value("self"), call.Value("other"), factor)
        : Elementwise(graph, call.Value("self"), Affine(1, factor * call.Number("other")), isPiecewiseLinear: true);

    private static GraphNode Scaled(GraphBuilder graph, GraphValue value, double factor) =>
        Map(graph, value, (x, _) => x.Times(factor));

    private static GraphNode Divided(GraphBuilder graph, GraphValue value, double divisor) => Map(graph, value, (x, _) =>
    {
        using TorchSharp.Scalar constant = divisor;
        return x.div(constant);
    });

    private static Func<Tensor, Tensor> Affine(double factor, double constant) => x => (factor == 1 ? x : x.Times(factor)).Plus(constant);

    private static Func<Tensor, Tensor> Slope(double slope) => x => functional.leaky_relu(x, slope);

    private static Func<Tensor, Tensor> Softplus(double beta, double threshold) => x => functional.softplus(x, beta, threshold);

    // TorchSharp's hardtanh returns its input unless it works in place.
    private static Func<Tensor, Tensor> Hardtanh(double least, double most) => x => functional.hardtanh(x.clone(), least, most, inplace: true);

    private static Func<Tensor, Tensor> Clamp(double? least, double? most) => x =>
    {
        using TorchSharp.Scalar? low = least is { } l ? l : null;
        using TorchSharp.Scalar? high = most is { } h ? h : null;
        return x.clamp(low, high);
    };

    private static Func<Tensor, Tensor> Power(double exponent) => x =>
    {
        using TorchSharp.Scalar constant = exponent;
        return x.pow(constant);
    };
}
