using System.Globalization;
using System.Text.Json;

namespace ActorHutch.Coordinator.Tests.CommandLine;

/// <summary>What docs/report.md says of a report's times.</summary>
internal static class Times
{
    /// <summary>A report without when and where it came about.</summary>
    public static string Without(JsonElement report) =>
        string.Join('\n', report.EnumerateObject().Where(property => property.Name != "run").Select(property => property.ToString()));

    /// <summary>Each worker's parts are the job's time, and the job's are no more than the run's.</summary>
    public static void AddUp(JsonElement report)
    {
        double Of(JsonElement of, string name) => of.GetProperty(name).GetDouble();
        double elapsed = Of(report, "elapsedSeconds");
        Assert.All(report.GetProperty("workers").EnumerateArray(), worker =>
        {
            double busy = Of(worker, "computeSeconds") + Of(worker, "roundingSeconds");
            Assert.Equal(elapsed, busy + Of(worker, "idleSeconds"), 1e-9 * elapsed);
        });
        Assert.Equal(report.GetProperty("rounding").ValueKind == JsonValueKind.Object ? Of(report.GetProperty("rounding"), "seconds") : 0,
            report.GetProperty("workers").EnumerateArray().Sum(worker => Of(worker, "roundingSeconds")), 1e-9 * elapsed);
        var run = report.GetProperty("run");
        double job = Of(report, "setupSeconds") + elapsed - Of(report.GetProperty("run"), "earlierSeconds");
        Assert.True(job >= 0 && Of(run, "startSeconds") + job <= Of(run, "totalSeconds"), report.ToString());
        Assert.True(DateTimeOffset.TryParseExact(
            run.GetProperty("started").GetString(), "yyyy-MM-ddTHH:mm:sszzz", CultureInfo.InvariantCulture, DateTimeStyles.None, out _));
        Assert.True(run.GetProperty("machine").GetProperty("processors").GetInt32() > 0);
    }
}
