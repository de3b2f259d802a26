using ActorHutch.Curvature.Operators;

namespace ActorHutch.Shared.Wire;

/// <summary>How quadratic forms travel: packed, 8 bytes each, bit for bit.</summary>
internal static class ProbeValuesFormat
{
    public static V1.ProbeValues Write(ProbeValues values)
    {
        var wire = new V1.ProbeValues { FirstProbe = values.FirstProbe, Columns = values.Columns };
        if (values.Weight != 1) wire.Weight = values.Weight;
        wire.Values.Capacity = values.Values.Length;
        foreach (double value in values.Values) wire.Values.Add(value);
        if (values.Spread is not { } spread) return wire;
        foreach (double value in spread.Variances) wire.Variances.Add(value);
        foreach (double value in spread.Squares) wire.Squares.Add(value);
        return wire;
    }

    public static ProbeValues Read(V1.ProbeValues? wire)
    {
        wire = Fields.Required(wire);
        if (wire.FirstProbe < 0 || wire.Columns < 1 || wire.Values.Count % wire.Columns != 0)
        {
            throw new WireException(
                $"{wire.Values.Count} values from probe {wire.FirstProbe} on do not fill rows of {wire.Columns}.");
        }

        if (wire.Variances.Count != wire.Squares.Count || (wire.Variances.Count != 0 && wire.Variances.Count != wire.Columns + 1))
        {
            throw new WireException(
                $"{wire.Variances.Count} variances and {wire.Squares.Count} squares are not one for each of {wire.Columns} columns and their sum.");
        }

        return new ProbeValues(wire.FirstProbe, wire.Columns, [.. wire.Values])
        {
            Weight = wire.HasWeight ? wire.Weight : 1,
            Spread = wire.Variances.Count == 0 ? null : new SampleSpread([.. wire.Variances], [.. wire.Squares]),
        };
    }
}
