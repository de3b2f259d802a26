using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Models;

/// <summary>One module of a TorchScript model.</summary>
/// <param name="Name">Its place in the model, such as <c>features.3</c>.</param>
/// <param name="Type">Its class in Python, such as <c>BatchNorm2d</c>.</param>
/// <param name="Buffers">The names of its own buffers.</param>
internal sealed record TorchScriptLayer(string Name, string Type, IReadOnlyList<string> Buffers);

/// <summary>The modules of a TorchScript model and their classes.</summary>
/// <remarks>
/// TorchSharp does not tell a module's class. Calling its <c>forward</c> without arguments is refused by libtorch before
/// anything runs, and the message declares the class.
/// </remarks>
internal static partial class TorchScriptLayers
{
    /// <summary>All modules whose class can be told.</summary>
    public static IEnumerable<TorchScriptLayer> Of(jit.ScriptModule model)
    {
        foreach (var (name, module) in model.named_modules())
        {
            if (module is not jit.ScriptModule script || TypeOf(script) is not { } type) continue;
            yield return new TorchScriptLayer(name, type, [.. script.named_buffers(recurse: false).Select(b => b.name)]);
        }
    }

    private static string? TypeOf(jit.ScriptModule module)
    {
        try
        {
            _ = module.invoke("forward");
            return null;
        }
        catch (ExternalException error)
        {
            var type = Self().Match(error.Message);
            return type.Success ? type.Groups["type"].Value : null;
        }
    }

    [GeneratedRegex(@"Declaration: forward\w*\(\S*?(?<type>\w+) self")]
    private static partial Regex Self();
}
