using ActorHutch.Curvature.Models;
using ActorHutch.Curvature.Models.Description;

namespace ActorHutch.Curvature.Tests.Layers;

/// <summary>That layer_table.py leaves nothing out, and that its cases hold all pairs.</summary>
[Collection(LayerCasesGroup.Name)]
public sealed class LayerTablesTests(LayerCases cases)
{
    private static readonly string[] AroundTheLayer = ["input", "dtype", "place", "written"];

    public static TheoryData<string> Kinds => [.. ModelDescription.KnownLayers];

    [Fact]
    public void Every_layer_has_a_table() => Assert.Equal(ModelDescription.KnownLayers, cases.Tables.Keys.Order(StringComparer.Ordinal));

    [Theory, MemberData(nameof(Kinds))]
    public void Every_argument_has_several_values(string kind)
    {
        var known = Curvature.Models.Description.LayerTable.Find(kind)!;
        var arguments = known is ContainerKind container ? container.Lists : known.Arguments.Select(argument => argument.Name);
        var table = cases.Tables[kind][0];

        Assert.Equal(arguments.Order(), table.Values.Keys.Except(AroundTheLayer).Order());
        foreach (string argument in arguments)
            Assert.True(table.Cases.Select(one => one.Values[argument]).Distinct().Count() > 1, argument);
    }

    [Theory, MemberData(nameof(Kinds))]
    public void Any_two_values_of_two_arguments_meet(string kind)
    {
        foreach (var table in cases.Tables[kind])
        {
            var values = table.Values.SelectMany(entry => entry.Value.Select(value => (Argument: entry.Key, Value: value))).ToArray();
            var served = table.Cases.Where(one => one.Expected == "value").ToArray();
            Assert.DoesNotContain(values, value => !served.Any(one => one.Values[value.Argument] == value.Value));

            // In a case that is served, or where PyTorch allows none, in one that is refused.
            foreach (var first in values)
            {
                foreach (var second in values.Where(value => value.Argument != first.Argument))
                {
                    Assert.Contains(table.Cases, one =>
                        one.Values[first.Argument] == first.Value && one.Values[second.Argument] == second.Value);
                }
            }
        }
    }
}
