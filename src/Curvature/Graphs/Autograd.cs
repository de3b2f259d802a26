using System.Runtime.InteropServices;
using ActorHutch.Curvature.Native;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Graphs;

/// <summary>Gradients by libtorch's autograd, with errors as exceptions.</summary>
/// <remarks>
/// TorchSharp's own <c>torch.autograd.grad</c> lets a C++ exception escape, which ends the process. The same call from
/// TorchScript arrives as an exception of ours.
/// </remarks>
internal static class Autograd
{
    private static readonly Lazy<jit.CompilationUnit> Script = new(() => jit.compile("""
        def gradients(outputs: List[Tensor], inputs: List[Tensor], weights: List[Tensor], create: bool) -> List[Tensor]:
            given: List[Optional[Tensor]] = []
            for weight in weights:
                given.append(weight)
            found = torch.autograd.grad(outputs, inputs, given, True, create, True)
            result: List[Tensor] = []
            for i in range(len(inputs)):
                gradient = found[i]
                if gradient is None:
                    result.append(torch.zeros_like(inputs[i]))
                else:
                    result.append(gradient)
            return result

        """));

    /// <summary>Σᵢ ⟨weightsᵢ, ∂outputsᵢ/∂inputs⟩; the graph is kept.</summary>
    /// <param name="outputs">Outputs; those without a graph count as constant.</param>
    /// <param name="inputs">What to differentiate by; zero where no output depends on one.</param>
    /// <param name="weights">Shaped as the outputs; null for ones.</param>
    /// <param name="createGraph">Whether the result can be differentiated again.</param>
    /// <exception cref="CurvatureException">libtorch cannot differentiate it.</exception>
    public static Tensor[] Gradients(
        Tensor[] outputs, Tensor[] inputs, Tensor[]? weights = null, bool createGraph = false)
    {
        weights ??= [.. outputs.Select(output => ones_like(output))];
        int[] varying = [.. Enumerable.Range(0, outputs.Length).Where(i => outputs[i].requires_grad)];
        if (varying.Length == 0) return [.. inputs.Select(input => zeros_like(input))];

        try
        {
            using var grad = enable_grad();
            var result = Script.Value.invoke(
                "gradients",
                varying.Select(i => outputs[i]).ToArray(), inputs, varying.Select(i => weights[i]).ToArray(), createGraph);
            return (Tensor[])result!;
        }
        catch (ExternalException error)
        {
            throw new CurvatureException($"libtorch cannot differentiate the loss: {LibTorchMessage.Cause(error.Message)}", error);
        }
    }
}
