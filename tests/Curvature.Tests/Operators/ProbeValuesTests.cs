using ActorHutch.Curvature.Operators;

namespace ActorHutch.Curvature.Tests.Operators;

public sealed class ProbeValuesTests
{
    [Fact]
    public void A_row_is_a_probe_and_its_sum_the_quadratic_form()
    {
        var values = new ProbeValues(40, 3, [1, 2, 3, 4, 5, 6]);

        Assert.Equal(2, values.Count);
        Assert.Equal([4, 5, 6], values[1].ToArray());
        Assert.Equal(15, values.Total(1));
    }

    [Fact]
    public void Rows_are_whole() => Assert.Throws<ArgumentException>(() => new ProbeValues(0, 3, [1, 2, 3, 4]));

    [Fact]
    public void Probes_are_numbered_from_0() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new ProbeValues(-1, 1, [1]));
}
