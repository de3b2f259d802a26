using static TorchSharp.torch;

namespace ActorHutch.Curvature.Models;

/// <summary>
/// The sum of several branches that all see the same input. A shortcut is a branch like any other:
/// <c>new Residual(nn.Identity(), body)</c>.
/// </summary>
public sealed class Residual : nn.Module<Tensor, Tensor>
{
    private readonly nn.Module<Tensor, Tensor>[] _branches;

    /// <summary>A sum of branches.</summary>
    /// <param name="branches">At least one; their parameters are named by their place: <c>0.weight</c>, <c>1.0.bias</c>, …</param>
    public Residual(params nn.Module<Tensor, Tensor>[] branches) : base(nameof(Residual))
    {
        ArgumentNullException.ThrowIfNull(branches);
        if (branches.Length == 0) throw new ArgumentException("A sum needs at least one branch.", nameof(branches));
        _branches = branches;
        for (int i = 0; i < branches.Length; i++)
            register_module(i.ToString(System.Globalization.CultureInfo.InvariantCulture), branches[i]);
    }

    /// <summary>Σ of the branches' outputs, which must have one shape.</summary>
    public override Tensor forward(Tensor input) =>
        _branches.Select(branch => branch.call(input)).Aggregate((sum, branch) => sum.Plus(branch));
}
