using ActorHutch.Curvature.Operations;
using ActorHutch.Curvature.Probes;
using ActorHutch.Curvature.Tests.Cases;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Tests.Operators;

/// <summary>Products with sign matrices from tables, against libtorch's products with the same signs.</summary>
public sealed class SignTablesTests
{
    /// <summary>Sums of up to 100 numbers around one in single precision, 6e-8 each.</summary>
    private const double Tolerance = 1e-5;

    /// <summary>
    /// Around the borders of a table (4 rows), of the tables taken at once (48 rows) and of a tile (64 columns).
    /// </summary>
    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(3, 63, 2)]
    [InlineData(4, 64, 1)]
    [InlineData(5, 65, 3)]
    [InlineData(31, 7, 5)]
    [InlineData(47, 130, 3)]
    [InlineData(48, 64, 2)]
    [InlineData(49, 128, 7)]
    [InlineData(97, 10, 4)]
    [InlineData(97, 72, 4)]
    [InlineData(50, 80, 9)]
    [InlineData(100, 200, 65)]
    public void They_give_the_products_of_the_signs(int inner, int columns, int rows)
    {
        Assert.SkipUnless(SignTables.IsSupported, "This processor has no vector registers that are wide enough.");
        using var scope = NewDisposeScope();
        const int lanes = 3;
        var matrix = new Numbers(5).Normal(inner, columns).to(ScalarType.Float32);
        var block = new ParameterBlock("weight", nn.Parameter(zeros([rows, inner], ScalarType.Float32)), 2);
        var probes = new PhiloxProbes(seed: 6);
        double[] expected = Dense.ToArray(
            probes.Draw(block, 9, lanes).to(ScalarType.Float64).matmul(matrix.to(ScalarType.Float64)));
        using var tables = new SignTables(matrix);
        var packed = probes.Pack(block, 9, lanes)!.Value;

        using var product = tables.Multiply(packed, rows);
        Assert.Equal([lanes, rows, columns], product.shape);
        Near.Relative(expected, Dense.ToArray(product), Tolerance);

        // Lane by lane, with tables that are not kept, to the last bit: a stack's size must not matter.
        for (int lane = 0; lane < lanes; lane++)
        {
            using var one = empty([rows, columns], ScalarType.Float32);
            SignTables.MultiplyOnce(matrix, packed, lane, rows, one);
            Assert.Equal(Dense.ToArray(product[lane]), Dense.ToArray(one));
        }
    }

    [Fact]
    public void Packed_signs_are_the_signs_that_are_drawn()
    {
        using var scope = NewDisposeScope();
        const int size = 33_001;
        var block = new ParameterBlock("weight", nn.Parameter(zeros(size, ScalarType.Float32)), 1);
        var probes = new PhiloxProbes(seed: 7);
        double[] drawn = Dense.ToArray(probes.Draw(block, 3, 2));

        var packed = probes.Pack(block, 3, 2)!.Value;

        for (int i = 0; i < drawn.Length; i++)
        {
            uint word = packed.Words[i / size * packed.WordsPerLane + i % size / 32];
            Assert.Equal(drawn[i] > 0 ? 1u : 0u, (word >> (i % size % 32)) & 1);
        }
    }

    [Fact]
    public void Only_signs_in_single_precision_are_packed()
    {
        using var scope = NewDisposeScope();
        var single = new ParameterBlock("weight", nn.Parameter(zeros(3, ScalarType.Float32)), 0);
        var twice = new ParameterBlock("weight", nn.Parameter(zeros(3, ScalarType.Float64)), 0);

        Assert.NotNull(new PhiloxProbes(0).Pack(single, 0, 1));
        Assert.Null(new PhiloxProbes(0).Pack(twice, 0, 1));
        Assert.Null(new PhiloxProbes(0, ProbeDistribution.Gaussian).Pack(single, 0, 1));
    }
}
