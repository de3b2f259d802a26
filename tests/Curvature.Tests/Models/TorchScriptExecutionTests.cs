using ActorHutch.Curvature.Losses;
using ActorHutch.Curvature.Models;
using ActorHutch.Curvature.Operators;
using ActorHutch.Curvature.Risks;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Tests.Models;

/// <summary>How programs are executed, and what is said where that fails.</summary>
[Collection(PyTorchGroup.Name)]
public sealed class TorchScriptExecutionTests(PyTorchFiles files)
{
    /// <summary>
    /// libtorch would rewrite a program after its first executions, with derivatives that round in another way: this one's
    /// vᵀHv changed twice, in its eighth digit.
    /// </summary>
    [Theory, InlineData("Blend.pt"), InlineData("Blend-traced.pt")]
    public void A_model_has_the_same_bits_the_first_time_and_ever_after(string name)
    {
        using var scope = NewDisposeScope();
        double[] Values(int times)
        {
            using var model = TorchScriptModel.Load(files.At("types", name), ScalarType.Float32, CPU);
            var risk = new EmpiricalRisk(model, new CrossEntropy(), Inputs(6, 3), arange(6, ScalarType.Int64).bitwise_and(1));
            return [.. Enumerable.Range(0, times).Select(_ =>
            {
                using var form = QuadraticForms.Create(risk);
                return form.Evaluate(0, 1).Total(0);
            })];
        }

        double[] values = Values(6);

        Assert.All(values, value => Assert.Equal(values[0], value));
        Assert.Equal(values[..1], Values(1));
    }

    [Theory]
    [InlineData("Folded.pt", "shape '[2, -1, 2]' is invalid for input of size 10 (\"return x.reshape(2, -1, 2).sum(0)\", torchscript_cases.py, line ")]
    [InlineData("Folded-bare.pt", "shape '[2, -1, 2]' is invalid for input of size 10 (\"_1 = torch.sum(torch.reshape(x, [2, -1, 2]), [0])\", code/__torch__.py, line ")]
    [InlineData("Folded-traced.pt", "shape '[2, -1, 2]' is invalid for input of size 10 (torchscript_cases.py, line ")]
    [InlineData("Refusing.pt", "one sample at a time, please (\"raise ValueError(\"one sample at a time, please\")\", torchscript_cases.py, line ")]
    [InlineData("Refusing-bare.pt", "one sample at a time, please (\"ops.prim.RaiseException(")]
    [InlineData("Narrow.pt", "mat1 and mat2 shapes cannot be multiplied (5x6 and 3x2) (\"return self.layer(\", torchscript_cases.py, line ")]
    [InlineData("Narrow-bare.pt", "mat1 and mat2 shapes cannot be multiplied (5x6 and 3x2) (\"_0 = (layer).forward(torch.cat([x, x], 1), )\", code/__torch__.py, line ")]
    public void An_error_is_its_cause_and_the_users_line(string name, string cause)
    {
        using var scope = NewDisposeScope();
        using var model = TorchScriptModel.Load(files.At("types", name), ScalarType.Float32, CPU);
        var risk = new EmpiricalRisk(model, new MeanSquaredError(), Inputs(5, 3), zeros(5, 2));
        var error = Assert.ThrowsAny<CurvatureException>(() => risk.Value());

        Assert.StartsWith(
            $"The model cannot be evaluated on this batch (inputs Float32[5, 3], targets Float32[5, 2]): {cause}", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
        Assert.DoesNotContain("Traceback", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_operator_without_a_second_derivative_is_named_and_no_line_of_this_librarys()
    {
        using var scope = NewDisposeScope();
        using var model = TorchScriptModel.Load(files.At("types", "OnceOnly.pt"), ScalarType.Float32, CPU);
        var risk = new EmpiricalRisk(model, new MeanSquaredError(), Inputs(5, 3), zeros(5, 2));
        using var form = QuadraticForms.Create(risk);
        var error = Assert.ThrowsAny<CurvatureException>(() => form.Evaluate(0, 1));

        Assert.Equal("libtorch cannot differentiate the loss: the derivative for '_embedding_bag_backward' is not implemented.", error.Message);
    }

    private static Tensor Inputs(long samples, long columns) => arange(samples * columns, ScalarType.Float32).sin().reshape(samples, columns);
}
