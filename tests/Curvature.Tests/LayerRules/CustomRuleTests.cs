using ActorHutch.Curvature.Graphs;
using ActorHutch.Curvature.Operations;
using ActorHutch.Curvature.Operators;
using ActorHutch.Curvature.Probes;
using ActorHutch.Curvature.Risks;
using ActorHutch.Curvature.Sweeps;
using ActorHutch.Curvature.Tests.Cases;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Tests.LayerRules;

/// <summary>Rules of one's own, as the documentation shows them.</summary>
public sealed class CustomRuleTests
{
    [Fact]
    public void An_elementwise_layer_of_one_s_own_takes_one_line()
    {
        var rules = OperationTable.Default.WithElementwise<Cube>();

        Compare(new ModelCase(() => nn.Sequential(nn.Linear(3, 2), new Cube(), nn.Linear(2, 2)), [3]), rules);
    }

    [Fact]
    public void A_layer_of_one_s_own_takes_a_forward_pass_and_a_tangent()
    {
        var rules = OperationTable.Default.With<Scale>((layer, graph, input) => graph.Add(
            () => new ScaleOperation(), input, graph.Tensor(layer.parameters().Single())));

        Compare(new(() => nn.Sequential(nn.Linear(3, 2), new Scale(2), nn.Tanh(), nn.Linear(2, 2)), [3]), rules);
        Compare(new(() => nn.Sequential(new Scale(3), nn.Tanh(), nn.Linear(3, 2)), [3]), rules);
    }

    [Fact]
    public void A_rule_can_be_replaced_and_the_default_set_stays_as_it_is()
    {
        using var scope = NewDisposeScope();
        using var problem = ModelCases.All["tanh"].With(LossCase.All["cross-entropy, mean"]);
        var rules = OperationTable.Default.With<TorchSharp.Modules.Tanh>(
            (_, _, _) => throw new CurvatureException("this rule was asked"));

        Rejected.Saying("this rule was asked", () => QuadraticForms.Create(problem.Risk, table: rules));
        using var untouched = QuadraticForms.Create(problem.Risk);
    }

    [Fact]
    public void Known_names_the_layers_that_have_a_rule()
    {
        Assert.Contains("Linear", OperationTable.Default.Known);
        Assert.Contains("Sequential", OperationTable.Default.Known);
        Assert.DoesNotContain("Cube", OperationTable.Default.Known);
        Assert.Contains("Cube", OperationTable.Default.WithElementwise<Cube>().Known);
    }

    private static void Compare(ModelCase model, OperationTable table)
    {
        using var scope = NewDisposeScope();
        using var problem = model.With(LossCase.All["cross-entropy, mean"]);
        CompareExact(problem.Risk, table);
        foreach (var structure in Enum.GetValues<BlockStructure>())
        {
            double[] expected = Totals(CurvatureMethod.Autodiff);
            Near.Relative(expected, Totals(CurvatureMethod.Quadratic), 1e-12);
            Near.Relative(expected, Totals(CurvatureMethod.Hmp), 1e-12);

            double[] Totals(CurvatureMethod method)
            {
                var options = new CurvatureOptions { Method = method, Structure = structure };
                using var form = QuadraticForms.Create(problem.Risk, options, table);
                var values = form.Evaluate(0, 6);
                return [.. Enumerable.Range(0, values.Count).Select(values.Total)];
            }
        }
    }

    /// <summary>Reverse sweeps take a rule's transpose.</summary>
    private static void CompareExact(EmpiricalRisk risk, OperationTable table)
    {
        double[] expected = Dense.BlockSums(risk, Dense.ToArray(Dense.Matrix(risk, CurvatureMatrix.Ggn).diagonal()));
        using var form = QuadraticForms.Create(risk, new CurvatureOptions
        {
            Matrix = CurvatureMatrix.Ggn,
            ProbeSpace = ProbeSpace.Prediction,
            Distribution = ProbeDistribution.Basis,
        }, table);
        var values = form.Evaluate(0, (int)form.BasisCount);
        Near.Relative(expected, [.. expected.Select((_, b) => Enumerable.Range(0, values.Count).Sum(p => values[p][b]))], 1e-12);
    }

    private sealed class Cube() : nn.Module<Tensor, Tensor>(nameof(Cube))
    {
        public override Tensor forward(Tensor input) => input * input * input;
    }

    /// <summary>y = s ∘ a over the last dimension.</summary>
    private sealed class Scale : nn.Module<Tensor, Tensor>
    {
        public Scale(long size) : base(nameof(Scale))
        {
            Factors = nn.Parameter(ones(size));
            register_parameter("factors", Factors);
        }

        public TorchSharp.Modules.Parameter Factors { get; }

        public override Tensor forward(Tensor input) => input * get_parameter("factors")!;
    }

    /// <summary>y = s ∘ a: tangent v ∘ a + s ∘ ȧ, second-order term 2 ⟨λ, v ∘ ȧ⟩.</summary>
    private sealed class ScaleOperation : Operation
    {
        private Tensor? _input;
        private Tensor? _scale;
        private SharedTensor? _adjoint;

        protected internal override Tensor Value(IReadOnlyList<Tensor> operands) => operands[0] * operands[1];

        protected override void Remember(IReadOnlyList<Tensor> operands, Tensor result) =>
            (_input, _scale) = (Keep(operands[0].detach()), Keep(operands[1].detach()));

        protected internal override void Prepare() => _adjoint = Adjoint is null ? null : Share(Adjoint);

        public override Tensor? Tangent(Tangents operands, Sweep sweep)
        {
            var inner = operands[0];
            var probe = operands[1] is { } given ? Lanes.Align(given, Shape.Length) : null;
            if (probe is not null && inner is not null && sweep.SecondOrder && _adjoint is not null)
                sweep.AddProduct(probe * inner, _adjoint, factor: 2);

            var own = probe is null ? null : probe * _input!;
            var passed = inner is null ? null : inner * _scale!;
            return own is null ? passed : passed is null ? own : own + passed;
        }
    }
}
