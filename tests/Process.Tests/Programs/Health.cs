using System.Net;

namespace ActorHutch.Process.Tests.Programs;

/// <summary>Asks for a node's health.</summary>
internal static class Health
{
    private static readonly HttpClient Client = new() { Timeout = TimeSpan.FromSeconds(10) };

    /// <summary>Asks until the answer is the one that is waited for.</summary>
    public static async Task IsAsync(string address, string what, HttpStatusCode expected)
    {
        using var tooLong = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (true)
        {
            try
            {
                using var answer = await Client.GetAsync(new Uri($"http://{address}/healthz/{what}"), tooLong.Token);
                if (answer.StatusCode == expected) return;
            }
            catch (HttpRequestException)
            {
                // Not yet.
            }

            await Task.Delay(50, tooLong.Token);
        }
    }
}
