using System.Text;
using Microsoft.AspNetCore.Http;

namespace ActorHutch.Coordinator.Dashboard;

/// <summary>
/// Tells one page about a job as it goes on, by server-sent events: <c>state</c> with all that is known at once and again
/// when it changes, <c>history</c> with the points of the curve that the page does not have yet, <c>beat</c> where nothing
/// changes for a while, so that the page knows that it is connected.
/// </summary>
/// <remarks>It sends what is the latest when the one before is out: a page that is slow skips, and nothing piles up.</remarks>
/// <param name="feed">The job.</param>
/// <param name="time">Tells when to beat.</param>
internal sealed class EventStream(JobFeed feed, TimeProvider time)
{
    /// <summary>How long it is silent at most.</summary>
    public static readonly TimeSpan BeatInterval = TimeSpan.FromSeconds(5);

    private static readonly byte[] LineEnd = "\n\n"u8.ToArray();

    /// <summary>Sends until the job has ended or the page is gone.</summary>
    public async Task SendAsync(HttpContext context)
    {
        var gone = context.RequestAborted;
        context.Response.ContentType = "text/event-stream";
        using var watch = feed.Watch();
        try
        {
            JobSight? sent = null;
            (long stride, int points) = (0, 0);
            while (true)
            {
                var sight = feed.Latest;
                if (sight == sent)
                {
                    await WriteAsync(context, "beat", "{}"u8.ToArray(), gone).ConfigureAwait(false);
                }
                else
                {
                    int known = sight.Look.Stride == stride ? points : 0;
                    (stride, points) = (sight.Look.Stride, sight.Look.Points.Count);
                    if (sent is null || known < points) await WriteAsync(context, "history", sight.History(known), gone).ConfigureAwait(false);
                    await WriteAsync(context, "state", sight.Json, gone).ConfigureAwait(false);
                }

                await context.Response.Body.FlushAsync(gone).ConfigureAwait(false);
                if (sight.IsLast) return;
                sent = sight;
                await NewerOrBeatAsync(sight, gone).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException)
        {
            // The page is gone.
        }
    }

    private async Task NewerOrBeatAsync(JobSight than, CancellationToken gone)
    {
        try
        {
            await feed.NewerAsync(than).WaitAsync(BeatInterval, time, gone).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // Nothing changed.
        }
    }

    private static async Task WriteAsync(HttpContext context, string name, ReadOnlyMemory<byte> json, CancellationToken gone)
    {
        var body = context.Response.Body;
        await body.WriteAsync(Encoding.ASCII.GetBytes($"event: {name}\ndata: "), gone).ConfigureAwait(false);
        await body.WriteAsync(json, gone).ConfigureAwait(false);
        await body.WriteAsync(LineEnd, gone).ConfigureAwait(false);
    }
}
