using ActorHutch.Curvature.Eigenvalues;
using ActorHutch.Curvature.Estimation;
using ActorHutch.Curvature.Losses;
using ActorHutch.Curvature.Operators;
using ActorHutch.Curvature.Tests.Cases;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ActorHutch.Curvature.Tests.Eigenvalues;

/// <summary>
/// A GPT of 2,184 parameters, with causal attention, layer norms, tables of tokens and places and a head that is tied to the former, against the
/// eigendecomposition of the dense matrix, in double precision and in shards of two sequences.
/// </summary>
public sealed class TransformerEigenvaluesTests
{
    private const int Vocabulary = 17, Width = 12, Length = 6, Sequences = 5;

    /// <summary>Residuals of 1e-10 of the largest eigenvalue: eigenvalues are as near, one to one, by the theorem that the bound is of.</summary>
    [Theory]
    [InlineData(CurvatureMatrix.Hessian, SpectrumEnd.Both)]
    [InlineData(CurvatureMatrix.Ggn, SpectrumEnd.Largest)]
    public void They_are_those_of_the_dense_matrix(CurvatureMatrix matrix, SpectrumEnd end)
    {
        using var scope = NewDisposeScope();
        var numbers = new Numbers(3);
        using var problem = new Problem(
            Problem.Prepared(new Gpt(), numbers), new CrossEntropy(classDimension: -1), numbers.Classes(Vocabulary, Sequences, Length),
            numbers.Classes(Vocabulary, Sequences, Length));
        var dense = Dense.Matrix(problem.Risk, matrix);
        dense = (dense + dense.t()) / 2;
        Assert.Equal(2184, dense.shape[0]);
        double[] eigenvalues = [.. Dense.ToArray(linalg.eigvalsh(dense)).OrderDescending()];
        const int wanted = 5;
        using var risk = new ShardedRisk(problem.Risk.Model, problem.Risk.Loss, new TensorSamples(problem.Risk.Inputs, problem.Risk.Targets), 2);

        var found = EigenvaluesEstimator.Find(
            risk, new() { Count = wanted, End = end, Tolerance = 1e-10 }, new() { Matrix = matrix, Structure = BlockStructure.Full }, products: 5000);

        double[] expected = end == SpectrumEnd.Both ? [.. eigenvalues[..wanted], .. eigenvalues[^wanted..]] : eigenvalues[..wanted];
        double scale = eigenvalues.Max(Math.Abs);
        Assert.True(found.Converged);
        Assert.Equal(expected.Length, found.Values.Count);
        for (int i = 0; i < expected.Length; i++) Near.Absolute(expected[i], found.Values[i].Value, 1e-9 * scale);
        // What is compared is no matrix of one eigenvalue, and the Hessian is not positive.
        Assert.True(eigenvalues[wanted] > 1e-3 * scale);
        Assert.Equal(matrix == CurvatureMatrix.Hessian, eigenvalues[^1] < -1e-3 * scale);
    }

    /// <summary>Ids <c>[N, T]</c> to scores <c>[N, T, C]</c>.</summary>
    private sealed class Gpt : Module<Tensor, Tensor>
    {
        private readonly Embedding _tokens = Embedding(Vocabulary, Width, dtype: ScalarType.Float64);
        private readonly Embedding _places = Embedding(Length, Width, dtype: ScalarType.Float64);
        private readonly LayerNorm _norm1 = LayerNorm(Width, dtype: ScalarType.Float64);
        private readonly LayerNorm _norm2 = LayerNorm(Width, dtype: ScalarType.Float64);
        private readonly LayerNorm _norm3 = LayerNorm(Width, dtype: ScalarType.Float64);
        private readonly Linear _qkv = Linear(Width, 3 * Width, dtype: ScalarType.Float64);
        private readonly Linear _out = Linear(Width, Width, dtype: ScalarType.Float64);
        private readonly Linear _up = Linear(Width, 4 * Width, dtype: ScalarType.Float64);
        private readonly Linear _down = Linear(4 * Width, Width, dtype: ScalarType.Float64);

        public Gpt()
            : base(nameof(Gpt)) => RegisterComponents();

        public override Tensor forward(Tensor ids)
        {
            using var scope = NewDisposeScope();
            using Scalar least = double.NegativeInfinity, places = Length, temperature = Math.Sqrt(Width);
            var x = _tokens.call(ids) + _places.call(arange(places));
            var parts = _qkv.call(_norm1.call(x)).chunk(3, -1);
            var scores = parts[0].bmm(parts[1].transpose(-2, -1)) / temperature;
            var later = ones(Length, Length, dtype: ScalarType.Bool).triu(1);
            x = x + _out.call(scores.masked_fill(later, least).softmax(-1).bmm(parts[2]));
            x = x + _down.call(functional.gelu(_up.call(_norm2.call(x))));
            return functional.linear(_norm3.call(x), _tokens.weight!).MoveToOuterDisposeScope();
        }
    }
}
