using ActorHutch.Curvature.Probes;
using ActorHutch.Curvature.Tests.Cases;
using static TorchSharp.torch;

namespace ActorHutch.Curvature.Tests.Probes;

public sealed class BasisProbesTests
{
    /// <summary>Blocks of 6, 3 and 6 numbers; stacks that end before, at and after a block's border.</summary>
    [Theory, InlineData(1), InlineData(4), InlineData(6), InlineData(15), InlineData(20)]
    public void Probe_i_is_the_ith_row_of_the_identity(int stack)
    {
        using var scope = NewDisposeScope();
        using var problem = new ModelCase(() => nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 2, hasBias: false)), [2])
            .With(LossCase.All["squared error, mean"]);
        var blocks = problem.Risk.Blocks;
        var basis = new BasisProbes(blocks);
        Assert.Equal(15, basis.Count);

        for (int first = 0; first < 15; first += stack)
        {
            var rows = cat([.. blocks.Select(block =>
                basis.Draw(block, first, stack)?.reshape(stack, -1)
                ?? zeros([stack, block.Size], ScalarType.Float64))], 1);

            for (int i = 0; i < stack; i++)
            {
                for (int j = 0; j < 15; j++) Assert.Equal(first + i == j ? 1 : 0, rows[i, j].item<double>());
            }
        }
    }
}
