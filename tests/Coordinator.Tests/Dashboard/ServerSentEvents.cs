using System.Text.Json;

namespace ActorHutch.Coordinator.Tests.Dashboard;

/// <summary>Reads a stream of server-sent events, of the strict form that is sent: a name, one line of data, an empty line.</summary>
internal sealed class ServerSentEvents : IAsyncDisposable
{
    private readonly HttpClient _client;
    private readonly StreamReader _reader;

    private ServerSentEvents(HttpClient client, StreamReader reader) => (_client, _reader) = (client, reader);

    public static async Task<ServerSentEvents> OpenAsync(Uri address)
    {
        var client = new HttpClient();
        var answer = await client.GetAsync(address, HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal("text/event-stream", answer.EnsureSuccessStatusCode().Content.Headers.ContentType!.ToString());
        return new ServerSentEvents(client, new StreamReader(await answer.Content.ReadAsStreamAsync()));
    }

    /// <summary>The next event; null where the stream has ended.</summary>
    public async Task<(string Name, JsonElement Data)?> NextAsync()
    {
        string? name = await LineAsync();
        if (name is null) return null;
        string data = (await LineAsync())!;
        Assert.StartsWith("event: ", name);
        Assert.StartsWith("data: ", data);
        Assert.Equal("", await LineAsync());
        return (name["event: ".Length..], JsonDocument.Parse(data["data: ".Length..]).RootElement);
    }

    public ValueTask DisposeAsync()
    {
        _reader.Dispose();
        _client.Dispose();
        return ValueTask.CompletedTask;
    }

    private Task<string?> LineAsync() => _reader.ReadLineAsync().WaitAsync(TimeSpan.FromMinutes(1));
}
