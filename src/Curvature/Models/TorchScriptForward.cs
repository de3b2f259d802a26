using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Models;

/// <summary>What the method <c>forward</c> of a TorchScript module takes and returns.</summary>
/// <remarks>
/// TorchSharp can ask for numbers of arguments only, and ends the process where there is no <c>forward</c>. Calling it
/// without arguments is refused by libtorch before anything runs, and the message holds its declaration.
/// </remarks>
internal static partial class TorchScriptForward
{
    /// <summary>Checks that one tensor goes in and one comes out.</summary>
    /// <exception cref="CurvatureException">Something else does.</exception>
    public static void Check(jit.ScriptModule script, string path)
    {
        string message;
        try
        {
            _ = script.invoke("forward");
            throw new CurvatureException($"{path}: forward takes no input. It must take one tensor, the batch.");
        }
        catch (ExternalException error)
        {
            message = error.Message.Split('\n', 2)[0];
        }

        if (message.Contains("'forward' is not defined", StringComparison.Ordinal))
            throw new CurvatureException($"{path} has no method forward. Script a module that has one, which takes the batch.");

        var declaration = Declaration().Match(message);
        if (!declaration.Success) return;

        string result = declaration.Groups["result"].Value.Trim();
        string[] inputs = [.. declaration.Groups["inputs"].Value.Split(", ").Skip(1).Where(input => !input.Contains('='))];
        if (inputs.Length > 1)
        {
            throw new CurvatureException(
                $"{path}: forward takes several inputs ({string.Join(", ", inputs)}). It must take one tensor, the batch; "
                + "wrap the model in a module that makes the others.");
        }

        if (inputs is [var input] && !input.StartsWith("Tensor", StringComparison.Ordinal))
            throw new CurvatureException($"{path}: forward takes {input}. It must take one tensor, the batch.");
        if (result != "Tensor")
        {
            throw new CurvatureException(
                $"{path}: forward returns {result}. It must return one tensor, which the loss takes; wrap the model in a "
                + "module that picks it.");
        }
    }

    [GeneratedRegex(@"Declaration: forward\((?<inputs>.*)\) -> (?<result>.+)$")]
    private static partial Regex Declaration();
}
