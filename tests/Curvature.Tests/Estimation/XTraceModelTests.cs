using ActorHutch.Curvature.Estimation;
using ActorHutch.Curvature.Operators;
using ActorHutch.Curvature.Tests.Cases;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Tests.Estimation;

/// <summary>XTrace against dense traces of small models, in double precision and in shards of two samples.</summary>
public sealed class XTraceModelTests
{
    /// <summary>As many vectors as parameters: rounding alone is left.</summary>
    [Theory]
    [InlineData("tanh", CurvatureMatrix.Hessian)]
    [InlineData("tied weights", CurvatureMatrix.Hessian)]
    [InlineData("residual of convolutions", CurvatureMatrix.Hessian)]
    [InlineData("tanh", CurvatureMatrix.Ggn)]
    [InlineData("tied weights", CurvatureMatrix.Ggn)]
    [InlineData("residual of convolutions", CurvatureMatrix.Ggn)]
    public void It_is_exact_with_as_many_vectors_as_parameters(string model, CurvatureMatrix matrix)
    {
        using var scope = NewDisposeScope();
        using var problem = ModelCases.All[model].With(LossCase.All["cross-entropy, mean"]);
        double expected = Dense.Matrix(problem.Risk, matrix).trace().item<double>();
        using var risk = new ShardedRisk(problem.Risk.Model, problem.Risk.Loss, new TensorSamples(problem.Risk.Inputs, problem.Risk.Targets), 2);

        Near.Relative(expected, XTraceEstimator.Estimate(risk, new() { Matrix = matrix, Structure = BlockStructure.Full }, products: 2000).Trace, 1e-9);
    }
}
