using ActorHutch.Coordinator.Reports;

namespace ActorHutch.Coordinator.CommandLine.Live;

/// <summary>Times as people say them while they wait.</summary>
internal static class Durations
{
    /// <summary>In one unit, rounded up.</summary>
    public static string Text(double seconds)
    {
        double whole = Math.Ceiling(seconds);
        return whole switch
        {
            < 90 => $"{Figures.Whole(whole)} s",
            < 5400 => $"{Figures.Whole(Math.Ceiling(whole / 60))} min",
            < 172_800 => $"{Figures.Whole(Math.Ceiling(whole / 3600))} h",
            _ => $"{Figures.Whole(Math.Ceiling(whole / 86_400))} days",
        };
    }
}
