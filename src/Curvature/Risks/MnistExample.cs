using System.Security.Cryptography;
using ActorHutch.Curvature.Data;
using ActorHutch.Curvature.Data.Bytes;
using ActorHutch.Curvature.Losses;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Risks;

/// <summary>
/// The problem of BackPACK's example «Hutchinson Trace Estimation»: a 784-20-10 network with sigmoid activations and
/// no biases, cross-entropy, and 256 MNIST images.
/// </summary>
/// <remarks>
/// The weights are PyTorch's default initialisation under seed 0, and the batch is the one that the example's
/// shuffled loader draws under that seed. It travels inside this assembly, so nothing is downloaded.
/// </remarks>
public sealed class MnistExample : IDisposable
{
    private const long Seed = 0;
    private const double PixelMean = 0.1307;
    private const double PixelDeviation = 0.3081;

    private readonly Sequential _model;
    private readonly Tensor _inputs;
    private readonly Tensor _targets;

    private MnistExample(Sequential model, Tensor inputs, Tensor targets, string sha256)
    {
        (_model, _inputs, _targets, Sha256) = (model, inputs, targets, sha256);
        Risk = new EmpiricalRisk(model, new CrossEntropy(), inputs, targets);
    }

    /// <summary>What reports call it.</summary>
    public static string Name => "mnist-example";

    /// <summary>The model, its loss and its batch.</summary>
    public EmpiricalRisk Risk { get; }

    /// <summary>SHA-256 of the weights in single precision and the batch's bytes: two replicas with it are equal.</summary>
    public string Sha256 { get; }

    /// <summary>Makes the problem; every call gives the same numbers.</summary>
    /// <param name="dtype">float32, or float64 (the same single-precision numbers, then exact arithmetic on them).</param>
    /// <param name="device">Where model and batch live.</param>
    public static MnistExample Create(ScalarType dtype, Device device)
    {
        using var scope = NewDisposeScope();
        var images = Array("images-idx3-ubyte.gz");
        var labels = Array("labels-idx1-ubyte.gz");
        var model = SeededModel();
        string hash = Hash(model, images, labels);

        model.to(device, dtype);
        model.eval();
        var inputs = Pixels(images).to(dtype).to(device).MoveToOuterDisposeScope();
        var targets = labels.to(ScalarType.Int64).to(device).MoveToOuterDisposeScope();
        return new MnistExample(model, inputs, targets, hash);
    }

    /// <summary>The network with weights from libtorch's default generator, wherever that stands.</summary>
    public static Sequential CreateModel() => nn.Sequential(
        nn.Flatten(), nn.Linear(784, 20, hasBias: false), nn.Sigmoid(), nn.Linear(20, 10, hasBias: false));

    /// <inheritdoc/>
    public void Dispose()
    {
        _model.Dispose();
        _inputs.Dispose();
        _targets.Dispose();
    }

    /// <summary>
    /// The network as PyTorch draws it under the seed: numbers within ±1/√(inputs), from a generator of its own. The
    /// default generator is one for the whole process, and another thread may be drawing from it.
    /// </summary>
    private static Sequential SeededModel()
    {
        using var noGrad = no_grad();
        using var generator = new Generator(Seed);
        var model = CreateModel();
        foreach (var (_, weight) in model.named_parameters())
        {
            double bound = 1 / Math.Sqrt(weight.shape[1]);
            weight.uniform_(-bound, bound, generator);
        }

        return model;
    }

    /// <summary>(pixel / 255 − mean) / deviation in single precision, <c>[256, 1, 28, 28]</c>.</summary>
    private static Tensor Pixels(Tensor bytes)
    {
        using var scaled = bytes.to(ScalarType.Float32).div_(255).sub_(PixelMean).div_(PixelDeviation);
        return scaled.view(-1, 1, 28, 28).alias();
    }

    private static Tensor Array(string name)
    {
        using var resource = typeof(MnistExample).Assembly.GetManifestResourceStream("mnist-256/" + name)
            ?? throw new InvalidOperationException($"{name} is missing in this build.");
        byte[] bytes = new byte[resource.Length];
        resource.ReadExactly(bytes);
        using var file = ArrayFiles.Open(new MemoryBytes(name, bytes));
        return file.Arrays[0].Read();
    }

    private static string Hash(Sequential model, Tensor images, Tensor labels)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var (_, parameter) in model.named_parameters()) hash.AppendData(parameter.bytes);
        hash.AppendData(images.bytes);
        hash.AppendData(labels.bytes);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
