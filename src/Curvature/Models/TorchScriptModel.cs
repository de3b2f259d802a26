using System.Runtime.InteropServices;
using ActorHutch.Curvature.Data.Bytes;
using ActorHutch.Curvature.Native;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Models;

/// <summary>
/// A model that PyTorch scripted or traced and saved with <c>torch.jit.save</c>. Method <c>autodiff</c> serves it; layer
/// rules do not see into it.
/// </summary>
/// <remarks>
/// TorchScript is a program: load files from those whose programs you would run. Damaged files and operators of other
/// libraries, and those that open files, are found before libtorch sees them; an operator that only a newer libtorch has ends the process.
/// <para>
/// A parameter that several layers share is one parameter, under its first name. A complex parameter is the real tensor
/// <c>[…, 2]</c> of its real and imaginary parts, which are what it can be differentiated by. Number type and device are
/// fixed when it is loaded; <c>to</c> does not change them. A model that was traced in training mode stays in training mode: call
/// <c>model.eval()</c> in PyTorch before tracing.
/// </para>
/// </remarks>
public sealed class TorchScriptModel : nn.Module<Tensor, Tensor>
{
    /// <summary>What libtorch is given in memory, of which it makes copies while it loads; larger files go by way of the disk.</summary>
    private const int InMemory = 64 << 20;

    private readonly jit.ScriptModule<Tensor, Tensor> _script;

    private TorchScriptModel(jit.ScriptModule<Tensor, Tensor> script) : base(nameof(TorchScriptModel)) => _script = script;

    /// <summary>Loads a model, in evaluation mode.</summary>
    /// <param name="path">The file, such as <c>model.pt</c>.</param>
    /// <param name="dtype">
    /// float32 or float64: what its floating-point tensors become, and complex ones the complex type of that precision.
    /// Integers, booleans and quantized numbers stay what they are.
    /// </param>
    /// <param name="device">Where it is to live.</param>
    /// <returns>The model, the caller's to dispose.</returns>
    /// <exception cref="CurvatureException">
    /// The file cannot be read, is damaged or no TorchScript, its forward takes or returns something else than one
    /// tensor, it has no trainable parameter, or one that is not finite.
    /// </exception>
    public static TorchScriptModel Load(string path, ScalarType dtype, Device device)
    {
        using var file = HashedFile.Open(path);
        return Load(file, dtype, device);
    }

    /// <summary>The same for a file that was hashed; what is loaded is what its hash names.</summary>
    /// <param name="file">The file, which stays the caller's.</param>
    /// <param name="dtype">float32 or float64.</param>
    /// <param name="device">Where it is to live.</param>
    /// <returns>The model, the caller's to dispose.</returns>
    /// <exception cref="CurvatureException">As above.</exception>
    /// <exception cref="FileChangedException">The file is not what it was.</exception>
    public static TorchScriptModel Load(HashedFile file, ScalarType dtype, Device device)
    {
        ArgumentNullException.ThrowIfNull(file);
        ArgumentNullException.ThrowIfNull(device);
        LibTorch.Load();
        using var bytes = file.Bytes();
        TorchScriptArchive.Check(bytes);
        string path = file.Path;
        try
        {
            InitializeDeviceType(device.type);
            var model = new TorchScriptModel(Script(bytes, InMemory));
            try
            {
                TorchScriptForward.Check(model._script, path);
                model.Adopt(path, dtype, device);
                return model;
            }
            catch
            {
                model.Dispose();
                throw;
            }
        }
        catch (ExternalException error)
        {
            throw new CurvatureException(
                $"libtorch cannot load {path}: {LibTorchMessage.Cause(error.Message)} Save it again with torch.jit.save.", error);
        }
    }

    /// <summary>
    /// Has libtorch load the bytes that were held against their hash. It would open the path once more, and find whatever is
    /// there by then.
    /// </summary>
    internal static jit.ScriptModule<Tensor, Tensor> Script(ByteSource bytes, int inMemory)
    {
        if (bytes.Length <= inMemory) return jit.load<Tensor, Tensor>(bytes.Head(inMemory), CPU);
        using var copy = new PrivateCopy(bytes);
        return jit.load<Tensor, Tensor>(copy.Path, CPU);
    }

    /// <summary>The modules that it is made of.</summary>
    internal IEnumerable<TorchScriptLayer> Layers => TorchScriptLayers.Of(_script);

    /// <inheritdoc/>
    public override Tensor forward(Tensor input) => ScriptExecution.AsWritten(() => _script.call(input));

    /// <summary>TorchScript's own mode; a traced model has none.</summary>
    public override bool training => _script.training;

    /// <inheritdoc/>
    public override void train(bool train = true) => _script.train(train);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (disposing) _script.Dispose();
    }

    /// <summary>Converts the model, and registers its parameters and buffers under their names.</summary>
    private void Adopt(string path, ScalarType dtype, Device device)
    {
        using var scope = NewDisposeScope();
        _script.eval();
        var tensors = TorchScriptTensors.Convert(_script, dtype, device);
        foreach (var (name, parameter) in tensors.Parameters) register_parameter(name, parameter);
        foreach (var (name, buffer) in tensors.Buffers) register_buffer(name, buffer);

        if (!parameters().Any(parameter => parameter.requires_grad))
        {
            throw new CurvatureException(
                $"{path} has no trainable parameter, so there is no curvature matrix. torch.jit.freeze and a model saved "
                + "with requires_grad off make constants of them: save the model without.");
        }

        FiniteNumbers.Check(named_parameters().Select(p => (p.name, (Tensor)p.parameter)), path);
    }
}
