using ActorHutch.Curvature.Losses;
using ActorHutch.Curvature.Modules;
using ActorHutch.Curvature.Operators;
using ActorHutch.Curvature.Risks;
using ActorHutch.Curvature.Tests.Cases;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Tests.Operators;

/// <summary>
/// Layers that overwrite their input change no sample and no other branch: every value is that of the same model whose
/// layers do not.
/// </summary>
public sealed class InPlaceTests
{
    /// <summary>The same operations, some of them on a copy: rounding differs by a few units of 1e-16 at most.</summary>
    private const double Tolerance = 1e-13;

    /// <summary>What TorchSharp has composed in place of operations whose operands they overwrite: libtorch says so.</summary>
    private static readonly string[] Refused = ["Mish", "Softsign"];

    /// <summary>
    /// Every layer of TorchSharp that can work in place, but for those that draw at random, and Hardtanh, which does nothing
    /// unless it works in place. Hardsigmoid has no second derivative but its rule's.
    /// </summary>
    public static readonly TheoryData<string, CurvatureMethod> Layers = new(
        from type in typeof(TorchSharp.Modules.ReLU).Assembly.GetExportedTypes()
        where type.Namespace == "TorchSharp.Modules" && type.GetProperty("inplace") is not null
        where !type.Name.Contains("Dropout", StringComparison.Ordinal) && type.Name is not ("Hardtanh" or "RReLU" or "Threshold")
        where !Refused.Contains(type.Name)
        from method in Enum.GetValues<CurvatureMethod>()
        where type.Name != "Hardsigmoid" || method != CurvatureMethod.Autodiff
        select (type.Name, method));

    [Theory, MemberData(nameof(Layers))]
    public void A_first_layer_leaves_the_samples_as_they_are(string layer, CurvatureMethod method)
    {
        using var scope = NewDisposeScope();
        using var plain = nn.Sequential(Layer(layer, inPlace: false), Linear(4, 3, 1));
        using var overwriting = nn.Sequential(Layer(layer, inPlace: true), Linear(4, 3, 1));

        AssertEqual(plain, overwriting, method);
    }

    [Theory, MemberData(nameof(Layers))]
    public void A_branch_leaves_the_others_theirs(string layer, CurvatureMethod method)
    {
        using var scope = NewDisposeScope();
        using var plain = Branches(inPlace: false);
        using var overwriting = Branches(inPlace: true);

        AssertEqual(plain, overwriting, method);

        nn.Module<Tensor, Tensor> Branches(bool inPlace) => nn.Sequential(
            Linear(4, 4, 1), new Residual(nn.Sequential(Layer(layer, inPlace), Linear(4, 4, 2)), nn.Identity(), Layer(layer, inPlace)),
            Linear(4, 3, 3));
    }

    [Fact]
    public void A_layer_of_ones_own_may_do_so_too()
    {
        using var scope = NewDisposeScope();
        using var plain = nn.Sequential(Linear(4, 4, 1), new Residual(nn.Sequential(nn.ReLU(), Linear(4, 4, 2)), nn.Identity()), Linear(4, 3, 3));
        using var own = nn.Sequential(new Overwriting(), Linear(4, 4, 1), new Residual(nn.Sequential(new Overwriting(), Linear(4, 4, 2)), nn.Identity()), Linear(4, 3, 3));
        using var plainFirst = nn.Sequential(nn.ReLU(), plain);

        AssertEqual(plainFirst, own, CurvatureMethod.Autodiff, names: false);
    }

    [Theory, InlineData("Mish"), InlineData("Softsign")]
    public void What_cannot_be_differentiated_in_place_is_refused(string layer)
    {
        using var scope = NewDisposeScope();
        using var model = nn.Sequential(Linear(4, 4, 1), Layer(layer, inPlace: true), Linear(4, 3, 2));
        var numbers = new Numbers(5);
        var risk = new EmpiricalRisk(model, new CrossEntropy(), numbers.Normal(7, 4), numbers.Classes(3, 7));

        foreach (var method in Enum.GetValues<CurvatureMethod>())
            Rejected.Saying("has been modified by an inplace operation", () => QuadraticForms.Create(risk, new CurvatureOptions { Method = method }));
    }

    private static void AssertEqual(
        nn.Module<Tensor, Tensor> plain, nn.Module<Tensor, Tensor> overwriting, CurvatureMethod method, bool names = true)
    {
        var numbers = new Numbers(5);
        var (inputs, targets) = (numbers.Normal(7, 4), numbers.Classes(3, 7));
        double[] before = Dense.ToArray(inputs);
        var options = new CurvatureOptions { Method = method, Structure = BlockStructure.Block, Seed = 2 };
        using var reference = QuadraticForms.Create(new EmpiricalRisk(plain, new CrossEntropy(), inputs.clone(), targets), options);
        double[] expected = reference.Evaluate(0, 3).Values.ToArray();
        foreach (long size in (long[])[7, 3])
        {
            var risk = new MicroBatchedRisk(overwriting, new CrossEntropy(), new TensorSamples(inputs, targets), size);
            risk.CheckSamples();
            risk.CheckDeterminism();
            using var form = QuadraticForms.Create(risk, options);

            for (int i = 0; i < 2; i++) Near.Relative(expected, form.Evaluate(0, 3).Values, Tolerance);
            Near.Relative(new EmpiricalRisk(plain, new CrossEntropy(), inputs.clone(), targets).Value(), risk.Value(), Tolerance);
            Assert.Equal(before, Dense.ToArray(inputs));
        }

        if (names) Assert.Equal(plain.named_parameters().Select(p => p.name), overwriting.named_parameters().Select(p => p.name));
    }

    private static nn.Module<Tensor, Tensor> Layer(string name, bool inPlace)
    {
        var make = typeof(nn).GetMethods().First(method => method.Name == name && method.GetParameters().All(p => p.HasDefaultValue));
        var layer = (nn.Module<Tensor, Tensor>)make.Invoke(null, [.. make.GetParameters().Select(p => p.DefaultValue)])!;
        layer.GetType().GetProperty("inplace")!.SetValue(layer, inPlace);
        return layer;
    }

    private static TorchSharp.Modules.Linear Linear(long inputs, long outputs, int seed)
    {
        var layer = nn.Linear(inputs, outputs, dtype: ScalarType.Float64);
        var numbers = new Numbers(seed);
        using (no_grad())
        {
            foreach (var parameter in layer.parameters()) parameter.copy_(numbers.Normal(parameter.shape));
        }

        return layer;
    }

    private sealed class Overwriting() : nn.Module<Tensor, Tensor>(nameof(Overwriting))
    {
        public override Tensor forward(Tensor input) => input.relu_();
    }
}
