using ActorHutch.Curvature.Estimation;
using ActorHutch.Curvature.Losses;
using ActorHutch.Curvature.Operators;
using ActorHutch.Curvature.Probes;
using ActorHutch.Curvature.Risks;
using ActorHutch.Curvature.Tests.Cases;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ActorHutch.Curvature.Tests.Estimation;

/// <summary>Eigenvalues' density against dense eigendecompositions in float64.</summary>
public sealed class SpectrumTests
{
    public static TheoryData<string, CurvatureMatrix, BlockStructure> Cases()
    {
        var data = new TheoryData<string, CurvatureMatrix, BlockStructure>();
        foreach (string model in (string[])["tanh", "residual of convolutions", "layer norm", "tied weights"])
        {
            foreach (var matrix in Enum.GetValues<CurvatureMatrix>())
            {
                foreach (var structure in Enum.GetValues<BlockStructure>()) data.Add(model, matrix, structure);
            }
        }

        return data;
    }

    /// <summary>With as many steps as it takes, the quadrature is vᵀf(H)v itself, for any f: indefinite, rank-deficient, with eigenvalues many times.</summary>
    [Theory, MemberData(nameof(Cases))]
    public void A_whole_run_is_the_dense_matrix_function(string model, CurvatureMatrix matrix, BlockStructure structure)
    {
        using var scope = NewDisposeScope();
        using var problem = ModelCases.All[model].With(LossCase.All["cross-entropy, mean"]);
        var (eigenvalues, vectors) = Eigen(problem.Risk, matrix, structure);
        var probe = Probe(problem.Risk, seed: 4, number: 2);
        var squares = vectors.t().mv(probe).square();
        using var form = QuadraticForms.Create(problem.Risk, new CurvatureOptions { Matrix = matrix, Structure = structure, Seed = 4, LanczosSteps = 10_000 });

        var spectrum = Spectrum(form, form.Evaluate(2, 1));
        var rule = spectrum.Rules[0];

        double largest = eigenvalues.abs().max().item<double>();
        foreach (var (function, dense) in new (Func<double, double>, Func<Tensor, Tensor>)[]
        {
            (x => 1, x => ones_like(x)), (x => x / largest, x => x / largest), (x => x * x / largest / largest, x => x.square() / largest / largest),
            (x => Math.Exp(x / largest), x => (x / largest).exp()), (x => Math.Cos(9 * x / largest), x => (9 * x / largest).cos()),
        })
        {
            // All values of f are at most e in size, and the weights add up to the number of parameters.
            double expected = (squares * dense(eigenvalues)).sum().item<double>();
            Near.Absolute(expected, rule.Of(function), 1e-9 * squares.sum().item<double>());
        }

        AssertBlocks(problem.Risk, matrix, structure, probe, spectrum);
    }

    /// <summary>Of each block, the quadrature is that of its own part of the probe with its own eigenvalues.</summary>
    private static void AssertBlocks(EmpiricalRisk risk, CurvatureMatrix matrix, BlockStructure structure, Tensor probe, SpectrumEstimate spectrum)
    {
        Assert.Equal(structure == BlockStructure.Block ? risk.Blocks.Select(block => block.Name) : [], spectrum.Blocks.Select(block => block.Name));
        var dense = Dense.Matrix(risk, matrix);
        double largest = linalg.norm(dense, 2).item<double>();
        long offset = 0;
        foreach (var (block, found) in risk.Blocks.Zip(spectrum.Blocks))
        {
            var part = dense.narrow(0, offset, block.Size).narrow(1, offset, block.Size);
            var (eigenvalues, vectors) = linalg.eigh((part + part.t()) / 2);
            var squares = vectors.t().mv(probe.narrow(0, offset, block.Size)).square();
            double expected = (squares * (eigenvalues / largest).exp()).sum().item<double>();
            Near.Absolute(expected, found.Spectrum.Rules[0].Of(x => Math.Exp(x / largest)), 1e-9 * squares.sum().item<double>());
            offset += block.Size;
        }
    }

    /// <summary>m nodes are exact for polynomials of a degree up to 2m − 1.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(6)]
    public void A_short_run_is_exact_for_polynomials(int steps)
    {
        using var scope = NewDisposeScope();
        using var problem = ModelCases.All["tanh"].With(LossCase.All["cross-entropy, mean"]);
        var matrix = Dense.Matrix(problem.Risk, CurvatureMatrix.Hessian);
        matrix = matrix / linalg.norm(matrix, 2);
        double scale = linalg.norm(Dense.Matrix(problem.Risk, CurvatureMatrix.Hessian), 2).item<double>();
        var probe = Probe(problem.Risk, seed: 1, number: 0);
        using var form = QuadraticForms.Create(
            problem.Risk, new CurvatureOptions { Structure = BlockStructure.Full, Seed = 1, LanczosSteps = steps });
        var rule = Spectrum(form, form.Evaluate(0, 1)).Rules[0];
        var power = probe;
        for (int degree = 0; degree < 2 * steps; degree++)
        {
            Near.Absolute(probe.dot(power).item<double>(), rule.Of(node => Math.Pow(node / scale, degree)), 1e-9 * probe.shape[0]);
            power = matrix.mv(power);
        }
    }

    /// <summary>Of 200 probes: one false alarm in a million seeds at five standard errors, and in 200 for a 95 % band at a tenth of its points.</summary>
    [Theory]
    [InlineData(CurvatureMatrix.Hessian, ProbeDistribution.Rademacher)]
    [InlineData(CurvatureMatrix.Hessian, ProbeDistribution.Gaussian)]
    [InlineData(CurvatureMatrix.Ggn, ProbeDistribution.Rademacher)]
    public void Numbers_and_distribution_function_are_those_of_the_eigenvalues(CurvatureMatrix matrix, ProbeDistribution distribution)
    {
        using var scope = NewDisposeScope();
        using var problem = ModelCases.All["residual of convolutions"].With(LossCase.All["cross-entropy, mean"]);
        double[] eigenvalues = Dense.ToArray(Eigen(problem.Risk, matrix, BlockStructure.Full).Values);

        var spectrum = SpectrumEstimator.Estimate(
            problem.Risk, new CurvatureOptions { Matrix = matrix, Structure = BlockStructure.Full, Distribution = distribution, Seed = 9 }, probes: 200, steps: 200);

        Close(eigenvalues.Sum(x => x * x), spectrum.SquaredNorm);
        Close(eigenvalues.Sum(x => x * x) / Math.Pow(eigenvalues.Max(Math.Abs), 2), spectrum.StableRank);
        double damping = 0.02 * eigenvalues.Max() - Math.Min(0, eigenvalues.Min());
        Close(eigenvalues.Sum(x => x / (x + damping)), spectrum.EffectiveDimension(damping));
        Close(eigenvalues.Sum(x => Math.Log(x + damping)), spectrum.LogDeterminant(damping));
        Assert.Throws<ArgumentOutOfRangeException>(() => spectrum.EffectiveDimension(-2 * damping));
        Close(eigenvalues.Count(x => x < -spectrum.KernelWidth) / (double)eigenvalues.Length, spectrum.NegativeShare);
        Near.Relative(eigenvalues.Max(), spectrum.Greatest, 1e-9);
        Near.Absolute(eigenvalues.Min(), spectrum.Least, 1e-9 * eigenvalues.Max());
        double width = spectrum.KernelWidth;
        int outside = 0;
        var curve = spectrum.Curve();
        foreach (var point in curve)
        {
            double below = eigenvalues.Average(x => MathNet.Numerics.Distributions.Normal.CDF(x, width, point.Eigenvalue));
            if (below < point.Low - 1e-6 || below > point.High + 1e-6) outside++;
        }

        Assert.True(outside < curve.Count / 4, $"{outside} of {curve.Count} points are outside of their intervals.");
        // Trapezoids over a smooth density.
        double step = curve[1].Eigenvalue - curve[0].Eigenvalue;
        Near.Relative(1, curve.Sum(point => point.Density) * step, 1e-3);

        static void Close(double expected, SpectralNumber found) =>
            Near.Absolute(expected, found.Value, 5 * found.StandardError + 1e-9 * Math.Abs(expected));
    }

    [Theory]
    [InlineData(ActorHutch.Curvature.Losses.Reduction.Mean)]
    [InlineData(ActorHutch.Curvature.Losses.Reduction.Sum)]
    public void Micro_batches_and_shards_are_one_matrix(ActorHutch.Curvature.Losses.Reduction reduction)
    {
        using var scope = NewDisposeScope();
        var numbers = new Numbers(1);
        using var problem = new Problem(
            Problem.Prepared(Sequential(Linear(5, 4), Tanh(), Linear(4, 3)), numbers), new CrossEntropy(reduction), numbers.Normal(23, 5), numbers.Classes(3, 23));
        var samples = new TensorSamples(problem.Risk.Inputs, problem.Risk.Targets);
        var options = new CurvatureOptions { LanczosSteps = 12, Structure = BlockStructure.Full };
        using var whole = QuadraticForms.Create(problem.Risk, options);
        using var risk = new ShardedRisk(problem.Risk.Model, problem.Risk.Loss, samples, 5, 4);
        using var parts = QuadraticForms.Create(risk, options);

        Assert.Equal(ShardSize.Whole, parts.ShardSize);
        Near.Relative(whole.Evaluate(0, 2).Values.ToArray(), parts.Evaluate(0, 2).Values.ToArray(), 1e-7);
    }

    /// <summary>Blocks of different sizes, the least of which has fewer parameters than a run has steps; at 4.5 standard errors of 40 probes, one false alarm in 15,000 for each block.</summary>
    [Fact]
    public void Blocks_have_spectra_of_their_own_and_their_traces_add_up()
    {
        using var scope = NewDisposeScope();
        using var problem = ModelCases.All["residual of convolutions"].With(LossCase.All["cross-entropy, mean"]);
        var options = new CurvatureOptions { Structure = BlockStructure.Block, Seed = 5, LanczosSteps = 8 };
        using var form = QuadraticForms.Create(problem.Risk, options);
        var fold = new SpectrumFold(form.Blocks);
        fold.Add(form.Evaluate(0, 40));

        var estimate = fold.Estimate(0.95, null, isComplete: true)!;

        double[] diagonal = Dense.ToArray(Dense.Matrix(problem.Risk, CurvatureMatrix.Hessian).diagonal());
        Near.Relative(estimate.Trace, estimate.Blocks.Sum(block => block.Trace), 1e-12);
        int offset = 0;
        foreach (var (block, found) in problem.Risk.Blocks.Zip(estimate.Blocks))
        {
            double expected = diagonal[offset..(offset + (int)block.Size)].Sum();
            Assert.Equal(block.Name, found.Name);
            Near.Absolute(expected, found.Trace, 4.5 * found.StandardError + 1e-9 * Math.Abs(expected));
            offset += (int)block.Size;
        }

        Assert.Contains(problem.Risk.Blocks, block => block.Size < 8);
        Assert.All(estimate.Spectrum!.Blocks.Zip(problem.Risk.Blocks), pair =>
            Assert.All(pair.First.Spectrum.Rules, rule => Near.Relative(pair.Second.Size, rule.Weights.Sum(), 1e-9)));
    }

    /// <summary>A linear model of a loss that is linear: H = 0, one node at 0 that has all of the weight.</summary>
    [Fact]
    public void A_matrix_of_zeros_has_one_node()
    {
        using var scope = NewDisposeScope();
        var numbers = new Numbers(1);
        using var problem = new Problem(Problem.Prepared(Linear(3, 2), numbers), new AbsoluteError(), numbers.Normal(4, 3), numbers.Normal(4, 2));

        var spectrum = SpectrumEstimator.Estimate(problem.Risk, probes: 2, steps: 5);

        Assert.Equal((0, 0, 0), (spectrum.Least, spectrum.Greatest, spectrum.SquaredNorm.Value));
        Assert.Equal(8, spectrum.Rules[0].Weights.Sum(), 1e-12);
    }

    [Fact]
    public void Vectors_that_do_not_fit_are_refused_with_a_way_out()
    {
        using var scope = NewDisposeScope();
        using var problem = ModelCases.All["tanh"].With(LossCase.All["cross-entropy, mean"]);
        long size = problem.Risk.ParameterCount;
        var options = new CurvatureOptions { LanczosSteps = 9, MemoryBudget = 5 * 8 * size };

        string message = Assert.Throws<CurvatureException>(() => QuadraticForms.Create(problem.Risk, options)).Message;

        Assert.Contains("use at most 5 for CurvatureOptions.LanczosSteps", message, StringComparison.Ordinal);
        QuadraticForms.Create(problem.Risk, options with { LanczosSteps = 5 }).Dispose();
    }

    private static SpectrumEstimate Spectrum(IQuadraticForm form, ProbeValues values)
    {
        var fold = new SpectrumFold(form.Blocks);
        fold.Add(values);
        return fold.Estimate(0.95, null, isComplete: true)!.Spectrum!;
    }

    private static Tensor Probe(EmpiricalRisk risk, ulong seed, long number)
    {
        var source = new PhiloxProbes(seed);
        return cat([.. risk.Blocks.Select(block => source.Draw(block, number, 1).reshape(-1))]);
    }

    private static (Tensor Values, Tensor Vectors) Eigen(EmpiricalRisk risk, CurvatureMatrix matrix, BlockStructure structure)
    {
        var dense = Dense.Matrix(risk, matrix);
        dense = (dense + dense.t()) / 2;
        return linalg.eigh(structure == BlockStructure.Block ? Dense.DiagonalBlocks(risk, dense) : dense);
    }
}
