using ActorHutch.Curvature.Losses;
using ActorHutch.Curvature.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using Reduction = ActorHutch.Curvature.Losses.Reduction;

namespace ActorHutch.Curvature.Tests.Cases;

/// <summary>
/// Networks that fit their data as well as one likes: targets are what the network says of samples that it is sure of, and
/// its last layer is scaled until the loss is what is asked for. Weights and data are numbers of single precision.
/// </summary>
internal static class FittedCases
{
    private const int Drawn = 300, Kept = 16;

    public static readonly IReadOnlyDictionary<string, ModelCase> Models = new Dictionary<string, ModelCase>
    {
        ["tanh"] = new(() => Sequential(Linear(6, 8), Tanh(), Linear(8, 7), Tanh(), Linear(7, 4)), [6]),
        ["relu"] = new(() => Sequential(Linear(6, 12), ReLU(), Linear(12, 8), ReLU(), Linear(8, 3)), [6]),
        ["sigmoid without biases"] = new(
            () => Sequential(Linear(6, 9, hasBias: false), Sigmoid(), Linear(9, 5, hasBias: false)), [6]),
        ["layer norm and gelu"] = new(() => Sequential(Linear(5, 8), LayerNorm(8), GELU(), Linear(8, 3)), [5]),
        ["convolution and batch norm"] = new(
            () => Sequential(Conv2d(1, 3, 3), BatchNorm2d(3), SiLU(), Flatten(), Linear(27, 4)), [1, 5, 5]),
        ["residual"] = new(
            () => Sequential(Linear(5, 6), new Residual(Identity(), Sequential(Linear(6, 6), Tanh())), Linear(6, 3)), [5]),
        ["embedding"] = new(() => Sequential(Embedding(7, 3), Tanh(), Flatten(), Linear(12, 4)), [4])
        {
            Inputs = (numbers, shape) => numbers.Classes(7, shape),
        },
    };

    /// <summary>Cross-entropy of classes, of probabilities and with everything; squared error; binary cross-entropy.</summary>
    public static readonly IReadOnlyDictionary<string, Loss> Losses = new Dictionary<string, Loss>
    {
        ["cross-entropy"] = new CrossEntropy(),
        ["cross-entropy, sum"] = new CrossEntropy(Reduction.Sum),
        ["cross-entropy of probabilities"] = new CrossEntropy(),
        ["squared error"] = new MeanSquaredError(),
        ["binary"] = new BinaryCrossEntropyWithLogits(),
    };

    /// <summary>One problem, in single precision and with the same numbers in double precision.</summary>
    /// <param name="model">A name of <see cref="Models"/>.</param>
    /// <param name="loss">A name of <see cref="Losses"/>.</param>
    /// <param name="value">The mean loss to be had, to a tenth or so.</param>
    /// <param name="seed">Of weights and samples.</param>
    public static (Problem Single, Problem Double) With(string model, string loss, double value, int seed = 1)
    {
        var (made, function) = (Models[model], Losses[loss]);
        var numbers = new Numbers(seed);
        // Before the scope: it would dispose of an embedding's table.
        var (network, single) = (Problem.Prepared(made.Make(), numbers), made.Make());
        single.eval();
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        long[] shape = [Drawn, .. made.Sample];
        var samples = AsSingle(made.Inputs?.Invoke(numbers, shape) ?? numbers.Normal(shape));
        foreach (var parameter in network.parameters()) parameter.copy_(AsSingle(parameter));
        foreach (var buffer in network.buffers().Where(buffer => buffer.is_floating_point())) buffer.copy_(AsSingle(buffer));
        var inputs = samples.index_select(0, Surest(network.call(samples), loss));
        var output = network.call(inputs);
        var targets = Targets(output, loss, value, numbers);
        if (loss != "squared error") Scale(network, inputs, targets, function, value);
        foreach (var (to, from) in single.parameters().Zip(network.parameters())) to.copy_(from);
        foreach (var (to, from) in single.buffers().Zip(network.buffers())) to.copy_(from);
        return (
            new Problem(single, function, Of(inputs, ScalarType.Float32), Of(targets, ScalarType.Float32)),
            new Problem(network, function, inputs.MoveToOuterDisposeScope(), targets.MoveToOuterDisposeScope()));
    }

    /// <summary>Those whose first two scores, or whose score and 0, are farthest apart.</summary>
    private static Tensor Surest(Tensor output, string loss)
    {
        var best = output.topk(2, 1).values;
        var margin = loss == "binary" ? output.abs().amin([1L]) : best.select(1, 0) - best.select(1, 1);
        return margin.topk(Kept).indexes;
    }

    private static Tensor Targets(Tensor output, string loss, double value, Numbers numbers) => loss switch
    {
        "squared error" => AsSingle(output + numbers.Normal(output.shape) * Math.Sqrt(value)),
        "binary" => output.gt(0).to(ScalarType.Float64),
        "cross-entropy of probabilities" => functional.one_hot(output.argmax(1), output.shape[1]).to(ScalarType.Float64),
        _ => output.argmax(1),
    };

    private static void Scale(Module<Tensor, Tensor> network, Tensor inputs, Tensor targets, Loss loss, double value)
    {
        // The last layer is linear, with or without a bias.
        var all = network.parameters().Reverse().ToArray();
        Tensor[] last = [.. all.Take(all[0].dim() == 1 ? 2 : 1)];
        Tensor[] before = [.. last.Select(parameter => parameter.clone())];
        double wanted = loss.Reduction == Reduction.Sum ? value * Kept : value;
        double low = 0, high = 1e4;
        for (int i = 0; i < 40; i++)
        {
            double middle = (low + high) / 2;
            Set(middle);
            if (loss.Value(network.call(inputs), targets).item<double>() > wanted) low = middle;
            else high = middle;
        }

        void Set(double scale)
        {
            foreach (var (parameter, given) in last.Zip(before)) parameter.copy_(AsSingle(given * scale));
        }
    }

    private static Tensor Of(Tensor tensor, ScalarType dtype) =>
        (tensor.is_floating_point() ? tensor.to(dtype) : tensor.clone()).MoveToOuterDisposeScope();

    private static Tensor AsSingle(Tensor tensor) =>
        tensor.is_floating_point() ? tensor.to(ScalarType.Float32).to(ScalarType.Float64) : tensor;
}
