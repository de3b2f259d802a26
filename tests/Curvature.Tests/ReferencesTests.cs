using ActorHutch.Curvature.Operators;

namespace ActorHutch.Curvature.Tests;

/// <summary>Curvature stands alone: it can be used from anyone's TorchSharp code.</summary>
public sealed class ReferencesTests
{
    [Fact]
    public void Curvature_refers_to_nothing_but_the_runtime_NETs_hashes_TorchSharp_and_MathNet()
    {
        string runtime = Path.GetDirectoryName(typeof(object).Assembly.Location)!;
        var others = typeof(QuadraticForms).Assembly.GetReferencedAssemblies()
            .Select(reference => reference.Name!)
            .Where(name => !File.Exists(Path.Combine(runtime, name + ".dll")));

        // System.IO.Hashing is .NET's own, in a package, and depends on nothing.
        Assert.Equal(["MathNet.Numerics", "System.IO.Hashing", "TorchSharp"], others.Order());
    }
}
