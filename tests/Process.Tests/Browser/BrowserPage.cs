using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.WebSockets;
using System.Text.Json;

namespace ActorHutch.Process.Tests.Browser;

/// <summary>A page in a browser, spoken to by the DevTools protocol.</summary>
internal sealed class BrowserPage : IAsyncDisposable
{
    /// <summary>What fails a test instead of leaving it to wait for ever; nothing is expected to come near it.</summary>
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(120);

    private readonly ClientWebSocket _socket = new();
    private readonly ConcurrentDictionary<int, TaskCompletionSource<JsonElement>> _calls = [];
    private readonly ConcurrentQueue<string> _complaints = [];
    private readonly SemaphoreSlim _sending = new(1);
    private Task _receiving = Task.CompletedTask;
    private int _number;

    private BrowserPage()
    {
    }

    /// <summary>What went wrong in its script, and what the page's security policy kept from being done.</summary>
    public IEnumerable<string> Complaints => _complaints;

    public static async Task<BrowserPage> ConnectAsync(Uri address)
    {
        var page = new BrowserPage();
        await page._socket.ConnectAsync(address, CancellationToken.None).WaitAsync(Timeout);
        page._receiving = page.ReceiveAsync();
        await page.CallAsync("Runtime.enable");
        await page.CallAsync("Log.enable");
        await page.CallAsync("Page.enable");
        return page;
    }

    /// <summary>Calls one of the protocol's methods.</summary>
    public async Task<JsonElement> CallAsync(string method, object? parameters = null)
    {
        int id = Interlocked.Increment(ref _number);
        var call = _calls[id] = new TaskCompletionSource<JsonElement>(TaskCreationOptions.RunContinuationsAsynchronously);
        byte[] message = JsonSerializer.SerializeToUtf8Bytes(new { id, method, @params = parameters ?? new { } });
        await _sending.WaitAsync();
        try
        {
            await _socket.SendAsync(message, WebSocketMessageType.Text, true, CancellationToken.None);
        }
        finally
        {
            _sending.Release();
        }

        var answer = await call.Task.WaitAsync(Timeout);
        Assert.False(answer.TryGetProperty("error", out var error), $"{method}: {error}");
        return answer.GetProperty("result");
    }

    /// <summary>An expression's value, as text.</summary>
    public async Task<string> ValueAsync(string expression)
    {
        var result = await CallAsync("Runtime.evaluate", new { expression = $"String({expression})", returnByValue = true });
        Assert.False(result.TryGetProperty("exceptionDetails", out var thrown), $"{expression}: {thrown}");
        return result.GetProperty("result").GetProperty("value").GetString()!;
    }

    /// <summary>Waits until an expression holds.</summary>
    public async Task UntilAsync(string expression)
    {
        for (long start = Stopwatch.GetTimestamp(); await ValueAsync($"Boolean({expression})") != "true"; await Task.Delay(50))
        {
            if (Stopwatch.GetElapsedTime(start) < Timeout) continue;
            Assert.Fail($"It never was so that {expression}. The page says:\n{await ValueAsync("document.body.innerText")}");
        }
    }

    /// <summary>Lets it look like another screen.</summary>
    /// <param name="width">In its own pixels.</param>
    /// <param name="height">In its own pixels.</param>
    /// <param name="dark">Whether its owner likes it dark.</param>
    public async Task ResizeAsync(int width, int height, bool dark = false)
    {
        await CallAsync("Emulation.setDeviceMetricsOverride", new { width, height, deviceScaleFactor = 2, mobile = width < 600 });
        await CallAsync("Emulation.setEmulatedMedia", new
        {
            features = new[] { new { name = "prefers-color-scheme", value = dark ? "dark" : "light" } },
        });
    }

    /// <summary>Keeps a picture of the whole page beside the tests, under <c>screenshots</c>, and with the test's result.</summary>
    public async Task ScreenshotAsync(string name)
    {
        var picture = await CallAsync("Page.captureScreenshot", new { format = "png", captureBeyondViewport = true });
        byte[] bytes = Convert.FromBase64String(picture.GetProperty("data").GetString()!);
        string folder = Directory.CreateDirectory(Path.Combine(AppContext.BaseDirectory, "screenshots")).FullName;
        await File.WriteAllBytesAsync(Path.Combine(folder, name + ".png"), bytes);
        TestContext.Current.AddAttachment(name, bytes, "image/png");
    }

    public async ValueTask DisposeAsync()
    {
        _socket.Abort();
        await _receiving;
        _socket.Dispose();
        _sending.Dispose();
    }

    private async Task ReceiveAsync()
    {
        byte[] buffer = new byte[1 << 16];
        using var message = new MemoryStream();
        try
        {
            while (true)
            {
                var part = await _socket.ReceiveAsync(buffer, CancellationToken.None);
                message.Write(buffer, 0, part.Count);
                if (!part.EndOfMessage) continue;
                Received(JsonDocument.Parse(message.ToArray()).RootElement);
                message.SetLength(0);
            }
        }
        // It is closed between two messages, too.
        catch (Exception error) when (error is WebSocketException or OperationCanceledException or ObjectDisposedException)
        {
            foreach (var call in _calls.Values) call.TrySetException(error);
        }
    }

    private void Received(JsonElement message)
    {
        if (message.TryGetProperty("id", out var id))
        {
            if (_calls.TryRemove(id.GetInt32(), out var call)) call.SetResult(message);
            return;
        }

        bool bad = message.GetProperty("method").GetString() switch
        {
            "Runtime.exceptionThrown" => true,
            "Log.entryAdded" => message.GetProperty("params").GetProperty("entry").GetProperty("source").GetString() is "security" or "violation",
            _ => false,
        };
        if (bad) _complaints.Enqueue(message.GetRawText());
    }
}
