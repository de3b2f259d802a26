using System.Collections.Concurrent;
using System.Globalization;
using ActorHutch.Curvature.Graphs;
using ActorHutch.Curvature.Sweeps;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Operations;

/// <summary>
/// Any operation that libtorch has, with libtorch's own derivatives: J ȧ as the derivative of Jᵀu in u, and ⟨λ, D²f⟩ as
/// ȧᵀ ∇²⟨λ, f⟩ ȧ, lane by lane. Slower than a rule, and right for whatever libtorch differentiates twice.
/// </summary>
/// <param name="call">
/// The call in TorchScript, which <see cref="LibTorchCall"/> makes, with <c>x[0]</c>, <c>x[1]</c>, … for the operands, such as <c>torch.sinh(x[0])</c>.
/// </param>
internal sealed class LibTorchOperation(string call) : Operation
{
    private static readonly ConcurrentDictionary<string, jit.CompilationUnit> Compiled = new();

    private int[] _varying = [];
    private Tensor[] _points = [];
    private Tensor? _weight;
    private Tensor[] _pulled = [];
    private SharedTensor? _adjoint;
    private Tensor? _value;

    /// <inheritdoc/>
    public override bool IsByLibTorch => true;

    /// <summary>Compiles the call, so that libtorch knows it; it ends the process where libtorch does not.</summary>
    internal void Compile() => Function(call);

    /// <inheritdoc/>
    protected internal override Tensor Value(IReadOnlyList<Tensor> operands) =>
        (Tensor)Function(call).invoke("f", (object)operands.ToArray())!;

    /// <inheritdoc/>
    protected override void Remember(IReadOnlyList<Tensor> operands, Tensor result)
    {
        using var grad = enable_grad();
        _varying = [.. Enumerable.Range(0, operands.Count).Where(i => operands[i].requires_grad)];
        Tensor[] points = [.. operands.Select(operand => Keep(operand.detach().clone()))];
        foreach (int i in _varying) points[i].requires_grad_();
        _points = [.. _varying.Select(i => points[i])];
        var value = Value(points);
        // Linear in u, so its derivative in u is the same at any u.
        _weight = Keep(zeros_like(value).requires_grad_());
        _pulled = [.. Autograd.Gradients([value], _points, [_weight], createGraph: true).Select(Keep)];
        _value = Keep(value);
    }

    /// <inheritdoc/>
    protected internal override void Prepare() => _adjoint = Adjoint is null ? null : Share(Adjoint);

    /// <inheritdoc/>
    public override Tensor? Tangent(Tangents operands, Sweep sweep)
    {
        var lanes = new Tensor[_varying.Length];
        for (int i = 0; i < lanes.Length; i++)
            lanes[i] = operands[_varying[i]] ?? zeros([sweep.LaneCount, .. _points[i].shape], _points[i].dtype, _points[i].device);

        bool recorded = is_grad_enabled();
        var tangents = new List<Tensor>();
        var second = new List<Tensor>();
        for (int p = 0; p < sweep.LaneCount; p++)
        {
            Tensor[] direction = [.. lanes.Select(lane => lane[p])];
            bool bends = sweep.SecondOrder && _adjoint is not null;
            var along = Autograd.Gradients(_pulled, [_weight!], direction, recorded || bends)[0];
            tangents.Add(along);
            if (bends) second.Add(Bent(along, direction, recorded));
        }

        if (second.Count > 0) sweep.AddProduct(stack(second), _adjoint!, factor: 1);
        return stack(tangents);
    }

    /// <summary>D²f[d, d]: the derivative of Df[d] along d, as Df[d] is that of f.</summary>
    private Tensor Bent(Tensor along, Tensor[] direction, bool recorded)
    {
        using var grad = enable_grad();
        var weight = zeros_like(along).requires_grad_();
        return Autograd.Gradients(Autograd.Gradients([along], _points, [weight], createGraph: true), [weight], direction, recorded)[0];
    }

    /// <inheritdoc/>
    protected internal override Tensor? Pullback(int operand, Tensor adjoints)
    {
        Tensor[] point = [_points[Array.IndexOf(_varying, operand)]];
        return stack(Enumerable.Range(0, (int)adjoints.shape[0]).Select(lane => Autograd.Gradients([_value!], point, [adjoints[lane]])[0]));
    }

    private static jit.CompilationUnit Function(string call) => Compiled.GetOrAdd(call, text => jit.compile(string.Create(
        CultureInfo.InvariantCulture, $"def f(x: List[Tensor]) -> Tensor:\n    return {text}\n")));
}
