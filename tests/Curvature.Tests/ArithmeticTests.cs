using System.Reflection;
using ActorHutch.Curvature.Operators;
using ActorHutch.Curvature.Tests.Cases;
using TorchSharp;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Tests;

public sealed class ArithmeticTests
{
    private const int MemberReference = 0x0A000000;

    [Fact]
    public void It_does_what_the_operators_do()
    {
        using var scope = NewDisposeScope();
        var (a, b) = (new Numbers(1).Normal(5), new Numbers(2).Normal(5));

        Assert.Equal(Dense.ToArray(a + b), Dense.ToArray(a.Plus(b)));
        Assert.Equal(Dense.ToArray(a + 0.3), Dense.ToArray(a.Plus(0.3)));
        Assert.Equal(Dense.ToArray(0.3 * a), Dense.ToArray(a.Times(0.3)));
        Assert.Equal(Dense.ToArray(a + b), Dense.ToArray(a.clone().PlusInPlace(b)));
        Assert.Equal(Dense.ToArray(0.3 * a), Dense.ToArray(a.clone().TimesInPlace(0.3)));
        Assert.Equal(Dense.ToArray(a.square()), Dense.ToArray(a.Squared()));
        Assert.Equal([1, 1, 1, 1, 1], Dense.ToArray(a.clone().FillWithOnes()));
    }

    /// <summary>
    /// TorchSharp's operators with a constant, hidden ones like that of a + b included, let the garbage collector free
    /// it while libtorch reads it: once in some ten thousand operations under load, so no run of tests would tell.
    /// </summary>
    [Fact]
    public void Curvature_uses_no_operator_whose_constant_may_be_gone()
    {
        var used = Referenced(typeof(QuadraticForms).Module).Where(method => method.DeclaringType == typeof(Tensor));

        Assert.Contains(used, method => method.Name == "op_Multiply");
        Assert.DoesNotContain(used, HasHiddenConstant);

        // The tests do use them, so that they would be found.
        Assert.Contains(Referenced(typeof(ArithmeticTests).Module), HasHiddenConstant);
    }

    private static bool HasHiddenConstant(MethodBase method)
    {
        var parameters = method.GetParameters();
        return method.Name is "op_Addition" or "square"
            || (method.Name is "add" or "add_" && parameters.Length == 1)
            || (method.Name.StartsWith("op_", StringComparison.Ordinal)
                && parameters.Any(parameter => parameter.ParameterType == typeof(Scalar)));
    }

    /// <summary>All methods of other assemblies that a module calls.</summary>
    private static IEnumerable<MethodBase> Referenced(Module module)
    {
        for (int row = 1; ; row++)
        {
            MethodBase? method = null;
            try
            {
                method = module.ResolveMember(MemberReference | row) as MethodBase;
            }
            catch (ArgumentOutOfRangeException)
            {
                yield break;
            }
            catch (ArgumentException)
            {
                // A member of a generic type, which cannot be resolved by itself.
            }

            if (method is not null) yield return method;
        }
    }
}
