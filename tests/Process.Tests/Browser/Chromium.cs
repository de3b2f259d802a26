using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;

namespace ActorHutch.Process.Tests.Browser;

/// <summary>A headless Chromium, where the machine has one; gone with its profile when it is disposed of.</summary>
internal sealed class Chromium : IAsyncDisposable
{
    private static readonly string[] Names = ["chromium", "chromium-browser", "google-chrome"];
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(120);

    private readonly string _profile = Directory.CreateTempSubdirectory("actorhutch-chromium-").FullName;
    private readonly System.Diagnostics.Process _process = new();
    private readonly TaskCompletionSource<Uri> _listening = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private Chromium(string program)
    {
        _process.StartInfo = new ProcessStartInfo(program) { RedirectStandardError = true, RedirectStandardOutput = true };
        foreach (string argument in (string[])
            ["--headless=new", "--no-sandbox", "--remote-debugging-port=0", $"--user-data-dir={_profile}", "--no-first-run",
             "--disable-dev-shm-usage", "--disable-gpu", "--hide-scrollbars", "about:blank"])
        {
            _process.StartInfo.ArgumentList.Add(argument);
        }

        const string Says = "DevTools listening on ";
        _process.ErrorDataReceived += (_, line) =>
        {
            if (line.Data?.StartsWith(Says, StringComparison.Ordinal) is true) _listening.TrySetResult(new Uri(line.Data[Says.Length..]));
        };
        _process.OutputDataReceived += (_, _) => { };
        _process.Start();
        _process.BeginErrorReadLine();
        _process.BeginOutputReadLine();
    }

    /// <summary>Starts one, and waits until it can be spoken to; a test is skipped where there is none.</summary>
    public static async Task<Chromium> StartAsync()
    {
        string? program = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':')
            .SelectMany(folder => Names.Select(name => Path.Combine(folder, name))).FirstOrDefault(File.Exists);
        if (program is null) Assert.Skip("There is no chromium on this machine.");
        var browser = new Chromium(program);
        await browser._listening.Task.WaitAsync(Timeout);
        return browser;
    }

    /// <summary>Opens a page.</summary>
    public async Task<BrowserPage> OpenAsync(string url)
    {
        var devTools = await _listening.Task.WaitAsync(Timeout);
        using var client = new HttpClient { Timeout = Timeout };
        using var answer = await client.PutAsync(new Uri($"http://{devTools.Authority}/json/new?about:blank"), null);
        var target = await answer.Content.ReadFromJsonAsync<JsonElement>();
        var page = await BrowserPage.ConnectAsync(new Uri(target.GetProperty("webSocketDebuggerUrl").GetString()!));
        await page.CallAsync("Page.navigate", new { url });
        await page.UntilAsync("document.readyState === 'complete'");
        return page;
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync().WaitAsync(Timeout);
        _process.Dispose();
        try
        {
            Directory.Delete(_profile, recursive: true);
        }
        catch (IOException)
        {
            // One of its processes was still writing; what is left is in the folder for such things.
        }
    }
}
