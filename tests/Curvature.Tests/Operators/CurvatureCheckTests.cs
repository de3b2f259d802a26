using ActorHutch.Curvature.Operators;
using ActorHutch.Curvature.Risks;
using ActorHutch.Curvature.Tests.Cases;
using ActorHutch.Curvature.Tests.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Tests.Operators;

/// <summary>What two programs are compared by, and relative to what.</summary>
public sealed class CurvatureCheckTests
{
    [Theory, InlineData(CurvatureMethod.Autodiff), InlineData(CurvatureMethod.Hmp), InlineData(CurvatureMethod.Quadratic)]
    public void Every_method_tells_the_blocks_apart_and_they_add_up(CurvatureMethod method)
    {
        using var scope = NewDisposeScope();
        using var problem = ModelCases.All["tanh"].With(LossCase.All["cross-entropy, mean"]);
        var blocks = problem.Risk.Blocks;
        var numbers = new Numbers(11);
        Tensor[] vectors = [.. blocks.Select(block => numbers.Normal(block.Shape))];
        using var probe = new GivenProbes(problem.Risk, new FakeArrays([.. blocks.Zip(vectors, (block, v) => (block.Name, v))]));

        var check = CurvatureCheck.Of(problem.Risk, probe, method);

        var v = cat([.. vectors.Select(vector => vector.flatten())]);
        double[] terms = Dense.ToArray(v * Dense.Matrix(problem.Risk, CurvatureMatrix.Hessian).mm(v.unsqueeze(1)).squeeze(1));
        int at = 0;
        foreach (var block in blocks)
        {
            double expected = terms.Skip(at).Take((int)block.Size).Sum();
            at += (int)block.Size;
            // Of the sum of absolute values: a block's own terms cancel too.
            Assert.Equal(expected, check.Blocks[block.Name], check.Scale * 1e-12);
        }

        Assert.Equal(check.QuadraticForm, check.Blocks.Values.Sum(), check.Scale * 1e-12);
        Assert.Equal(method, check.Method);
    }

    [Fact]
    public void Rounding_of_a_sum_that_cancels_is_none_of_another_model()
    {
        using var scope = NewDisposeScope();
        using var problem = ModelCases.All["tanh"].With(LossCase.All["cross-entropy, mean"]);
        var blocks = problem.Risk.Blocks;
        Assert.True(blocks.Count >= 3);
        using var single = ModelCases.All["tanh"].With(LossCase.All["cross-entropy, mean"]);
        single.Risk.Model.to(ScalarType.Float32);
        var risk = new EmpiricalRisk(single.Risk.Model, single.Risk.Loss, single.Risk.Inputs[0].to(ScalarType.Float32), single.Risk.Targets);

        // v = u + t·w with t a root of the quadratic vᵀHv, so that its blocks add up to nearly nothing.
        var numbers = new Numbers(3);
        var hessian = Dense.Matrix(problem.Risk, CurvatureMatrix.Hessian);
        Tensor v;
        for (; ; )
        {
            var (u, w) = (numbers.Normal(hessian.shape[0]), numbers.Normal(hessian.shape[0]));
            double a = Form(w, w), b = 2 * Form(u, w), c = Form(u, u);
            double root = b * b - 4 * a * c;
            if (root <= 0) continue;
            v = u + w * tensor((-b + Math.Sqrt(root)) / (2 * a) * (1 + 1e-9));
            break;
        }

        using var probe = new GivenProbes(problem.Risk, Named(v));
        using var singleProbe = new GivenProbes(risk, Named(v));
        var expected = CurvatureCheck.Of(problem.Risk, probe);
        var found = CurvatureCheck.Of(risk, singleProbe);

        // The premise: relative to the sum itself, float32 is far off.
        Assert.True(Math.Abs(expected.QuadraticForm) < expected.Scale * 1e-6);
        Assert.True(Math.Abs(found.QuadraticForm - expected.QuadraticForm) > Math.Abs(expected.QuadraticForm) * 1e-3);
        // Some thousand roundings of 6e-8, of terms as large as the scale.
        Assert.True(found.DifferenceFrom(expected).Largest < 1e-4, $"{found} {expected}");

        double Form(Tensor x, Tensor y) => x.unsqueeze(0).mm(hessian).mm(y.unsqueeze(1)).item<double>();

        FakeArrays Named(Tensor vector)
        {
            long at = 0;
            return new FakeArrays([.. blocks.Select(block =>
            {
                var part = vector.narrow(0, at, block.Size).reshape(block.Shape);
                at += block.Size;
                return (block.Name, part);
            })]);
        }
    }

    [Fact]
    public void Blocks_are_compared_one_by_one()
    {
        var expected = new CurvatureCheck(1, 3) { Blocks = new Dictionary<string, double> { ["a"] = 7, ["b"] = -4 } };
        var exchanged = new CurvatureCheck(1, 3) { Blocks = new Dictionary<string, double> { ["a"] = -4, ["b"] = 7 } };
        var sumAlone = new CurvatureCheck(1, 3.5);

        Assert.Equal(11, expected.Scale);
        Assert.Equal(("a", 1.0), (exchanged.DifferenceFrom(expected).WorstBlock, exchanged.DifferenceFrom(expected).Largest));
        Assert.Equal((null, 0.5 / 11), (sumAlone.DifferenceFrom(expected).WorstBlock, sumAlone.DifferenceFrom(expected).Largest));
        Assert.Equal(0.5 / 11, expected.DifferenceFrom(sumAlone).Largest);
    }

    [Fact]
    public void A_file_may_have_blocks_and_names_of_the_loss()
    {
        string path = Path.GetTempFileName();
        try
        {
            File.WriteAllText(path, """{"loss": 2, "quadratic_form": -4, "blocks": {"a": 1, "b": -5}, "loss_function": "mse", "reduction": "sum"}""");
            var check = CurvatureCheck.Load(path);
            Assert.Equal((6, "mse", "sum"), (check.Scale, check.LossFunction, check.Reduction));
            Assert.Equal(-5, check.Blocks["b"]);

            File.WriteAllText(path, """{"loss": 2, "quadratic_form": -4, "blocks": [1, -5]}""");
            Rejected.Saying("blocks must be an object with a number for each parameter", () => CurvatureCheck.Load(path));
        }
        finally
        {
            File.Delete(path);
        }
    }
}
