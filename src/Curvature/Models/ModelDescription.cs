using System.Globalization;
using System.Text;
using System.Text.Json;
using ActorHutch.Curvature.Data.Bytes;
using ActorHutch.Curvature.Data.Formats;
using ActorHutch.Curvature.Models.Description;
using TorchSharp;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Models;

/// <summary>
/// A model described in JSON by PyTorch's class names and constructor arguments: layers that have a layer rule, so that
/// every method serves it. It holds no weights; <see cref="StateDict"/> loads them.
/// </summary>
/// <remarks>
/// <c>{ "type": "Sequential", "layers": [ {"type": "Linear", "in_features": 4, "out_features": 3}, {"type": "Tanh"} ] }</c>.
/// Layers in a list are named 0, 1, …, or by their <c>name</c>, so that names in the state dict are PyTorch's. A
/// <c>Residual</c> has <c>layers</c>, its body, and may have a list <c>shortcut</c>; without one the shortcut is the
/// identity. Its output is body(x) + shortcut(x), and its children are named <c>body</c> and <c>shortcut</c>.
/// docs/models.md has the whole format.
/// </remarks>
public sealed class ModelDescription
{
    /// <summary>The largest file that is read, 32 MiB: some hundred thousand layers or operations.</summary>
    public const int LargestFile = 32 << 20;

    private const int MostProblems = 50;

    // Deeper than any nesting that is served, so that the reader can say at which layer it gets too deep.
    private const int DeepestJson = 1000;
    private static readonly JsonDocumentOptions Json = new() { MaxDepth = DeepestJson };

    private readonly DescribedLayer _model;
    private readonly string _source;

    private ModelDescription(DescribedLayer model, string source) => (_model, _source) = (model, source);

    /// <summary>The JSON schema of the format, made of the same table as the reader: docs/model.schema.json.</summary>
    public static string Schema => DescriptionSchema.Text();

    /// <summary>The layers that a description can name, sorted.</summary>
    public static IEnumerable<string> KnownLayers => LayerTable.All.Select(kind => kind.Type);

    /// <summary>How many numbers the parameters hold.</summary>
    public double ParameterCount => _model.Size;

    /// <summary>Reads a file.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="CurvatureException">
    /// It cannot be read, is no JSON, or is no description; the message lists everything that is wrong with it.
    /// </exception>
    public static ModelDescription Load(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        try
        {
            using var file = RegularFile.OpenStream(path);
            if (file.Length > LargestFile) throw TooLarge(path, file.Length);
            byte[] content = new byte[file.Length];
            file.ReadExactly(content);
            return Parse(content, path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new CurvatureException($"The model cannot be read: {path}: {error.Message.TrimEnd('.')}.", error);
        }
    }

    /// <summary>Reads a file that was hashed.</summary>
    /// <param name="file">The file, which stays the caller's.</param>
    /// <exception cref="CurvatureException">It is no description; the message lists everything that is wrong.</exception>
    /// <exception cref="FileChangedException">It is not what it was.</exception>
    public static ModelDescription Load(HashedFile file)
    {
        ArgumentNullException.ThrowIfNull(file);
        if (file.Content.Length > LargestFile) throw TooLarge(file.Path, file.Content.Length);
        using var bytes = file.Bytes();
        return Parse(bytes.Head(LargestFile), file.Path);
    }

    /// <summary>Reads JSON in UTF-8.</summary>
    /// <param name="utf8">The text.</param>
    /// <param name="source">What messages call it, such as the file's name.</param>
    /// <exception cref="CurvatureException">It is no description; the message lists everything that is wrong.</exception>
    public static ModelDescription Parse(ReadOnlyMemory<byte> utf8, string source)
    {
        ArgumentNullException.ThrowIfNull(source);
        if (utf8.Length > LargestFile) throw TooLarge(source, utf8.Length);
        if (FileSignature.Name(utf8.Span) is { } other) throw new CurvatureException($"{source} is {other}, and no JSON in UTF-8.");
        if (utf8.Span.StartsWith(Encoding.UTF8.Preamble)) utf8 = utf8[Encoding.UTF8.Preamble.Length..];
        try
        {
            using var document = JsonDocument.Parse(utf8, Json);
            var (model, problems) = DescriptionReader.Read(document.RootElement);
            return model is not null ? new ModelDescription(model, source) : throw NoModel(source, problems);
        }
        catch (JsonException error)
        {
            // .NET counts from 0, editors from 1.
            string place = string.Create(
                CultureInfo.InvariantCulture, $"line {error.LineNumber + 1}, byte {error.BytePositionInLine + 1}");
            throw new CurvatureException(
                $"{source} is not JSON at {place}: {error.Message.Split(" LineNumber:", 2)[0]}", error);
        }
        catch (InvalidOperationException error)
        {
            throw new CurvatureException($"{source} holds text that is no Unicode: save it as UTF-8.", error);
        }
    }

    /// <summary>
    /// Makes the module, in evaluation mode. Its weights are whatever libtorch's default generator draws: load some.
    /// </summary>
    /// <param name="dtype">float32 or float64.</param>
    /// <param name="device">Where its parameters are made.</param>
    /// <returns>The module, the caller's to dispose.</returns>
    /// <exception cref="CurvatureException">It does not fit into memory, or libtorch does not make one of its layers.</exception>
    public nn.Module<Tensor, Tensor> Build(ScalarType dtype, Device device)
    {
        ArgumentNullException.ThrowIfNull(device);
        double bytes = ParameterCount * dtype.ElementSize();
        if (bytes > GC.GetGCMemoryInfo().TotalAvailableMemoryBytes)
        {
            throw new CurvatureException(string.Create(
                CultureInfo.InvariantCulture,
                $"{_source} describes a model of {ParameterCount:N0} parameters, {bytes / (1L << 30):N1} GiB, which this "
                + $"machine's memory does not hold."));
        }

        var model = _model.Make(new Placement(dtype, device));
        model.eval();
        return model;
    }

    private static CurvatureException NoModel(string source, IReadOnlyList<string> problems)
    {
        var message = new StringBuilder($"{source} describes no model:");
        foreach (string problem in problems.Take(MostProblems)) message.Append("\n  ").Append(problem);
        if (problems.Count > MostProblems)
            message.Append(CultureInfo.InvariantCulture, $"\n  and {problems.Count - MostProblems} problems more");
        return new CurvatureException(message.ToString());
    }

    private static CurvatureException TooLarge(string source, long length) => new(string.Create(
        CultureInfo.InvariantCulture,
        $"{source} has {length:N0} bytes; a model's description has {LargestFile:N0} at most, without its weights."));
}
