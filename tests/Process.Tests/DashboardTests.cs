using System.Globalization;
using ActorHutch.Process.Tests.Browser;
using ActorHutch.Process.Tests.Programs;

namespace ActorHutch.Process.Tests;

/// <summary>The page of a running job in a real browser. Pictures of it are kept under <c>screenshots</c>.</summary>
public sealed class DashboardTests(LocalReference local)
{
    private const string Probes = "Number(document.getElementById('done').dataset.value)";

    [Fact]
    public async Task It_moves_while_the_job_runs_and_ends_with_the_reports_number()
    {
        await using var browser = await Chromium.StartAsync();
        await using var job = Local("127.0.0.1:0", "6000");
        await using var page = await browser.OpenAsync(await UrlAsync(job));
        await page.ResizeAsync(1280, 1100);
        await page.UntilAsync($"{Probes} > 0");
        string first = await page.ValueAsync(Probes);
        await page.UntilAsync($"{Probes} > {first}");
        Assert.Equal("running", await StatusAsync(page));
        Assert.StartsWith("Running", await page.ValueAsync("document.getElementById('status').innerText"));
        await page.ScreenshotAsync("running");

        Assert.Equal(0, await job.ExitAsync());

        await AssertEndedAsync(page, job);
        Assert.Equal(local.Bits, JobReport.Of(job).Bits);
        await page.ScreenshotAsync("ended");
        Assert.Empty(page.Complaints);
    }

    [Fact]
    public async Task It_shows_who_is_lost_and_finds_a_coordinator_that_comes_back_after_it_was_killed()
    {
        await using var browser = await Chromium.StartAsync();
        await using var cluster = new TestCluster();
        string address = TestCluster.Loopback(TestCluster.FreePort());
        // It does not end by itself before it is killed, however fast the machine is.
        string[] longer = [.. TestCluster.Job.Select(word => word == "6000" ? "200000" : word)];
        var killed = cluster.CoordinatorOf([.. longer, "--min-workers", "2", "--dashboard", address]);
        cluster.Worker("a");
        var lost = cluster.Worker("b");
        await using var page = await browser.OpenAsync(await UrlAsync(killed));
        await page.ResizeAsync(1280, 1100);
        await page.UntilAsync($"{WorkerState("a")} === 'computing' && {Probes} > 0");

        lost.Signal(9);
        await page.UntilAsync($"['unreachable', 'lost'].includes({WorkerState("b")})");
        await page.UntilAsync("document.getElementById('chunks-reissued').textContent !== '0'");
        await page.ScreenshotAsync("worker-lost");

        killed.Signal(9);
        Assert.Equal(137, await killed.ExitAsync());
        await page.UntilAsync("document.body.dataset.status === 'lost'");
        Assert.Equal("Connection lost, trying again", await page.ValueAsync("document.getElementById('status').textContent"));
        Assert.NotEqual("0", await page.ValueAsync(Probes));
        await page.ScreenshotAsync("connection-lost");

        var next = cluster.Coordinator("--dashboard", address);
        await page.UntilAsync("document.body.dataset.status === 'running'");
        Assert.Equal(0, await next.ExitAsync());
        await AssertEndedAsync(page, next);
        Assert.Empty(page.Complaints);
    }

    [Fact]
    public async Task What_a_job_came_to_stays_until_somebody_asks_for_the_next_one()
    {
        await using var browser = await Chromium.StartAsync();
        string address = TestCluster.Loopback(TestCluster.FreePort());
        await using var first = Local(address, "6000");
        await using var page = await browser.OpenAsync(await UrlAsync(first));
        Assert.Equal(0, await first.ExitAsync());
        await AssertEndedAsync(page, first);

        await using var second = Local(address, "12000", "--seed", "7");
        await page.UntilAsync("!document.getElementById('another').hidden");
        await AssertEndedAsync(page, first);
        await page.ValueAsync("document.getElementById('show').click()");
        await page.UntilAsync("document.body.dataset.status !== 'ended'");

        Assert.Equal(0, await second.ExitAsync());
        await AssertEndedAsync(page, second);
        Assert.NotEqual(Trace(first), Trace(second));
        Assert.Empty(page.Complaints);
    }

    [Fact]
    public async Task It_serves_a_phone_in_the_dark_and_those_who_do_not_look_at_it()
    {
        await using var browser = await Chromium.StartAsync();
        await using var job = Local("127.0.0.1:0", "6000");
        await using var page = await browser.OpenAsync(await UrlAsync(job));
        await page.UntilAsync($"{Probes} > 0");
        foreach (bool dark in (bool[])[false, true])
        {
            await page.ResizeAsync(390, 844, dark);
            await page.UntilAsync("document.documentElement.clientWidth === 390");
            Assert.Equal("390", await page.ValueAsync("document.documentElement.scrollWidth"));
            Assert.Equal("", await page.ValueAsync(TooFaint));
            await page.ScreenshotAsync(dark ? "phone-dark" : "phone");
        }

        await page.ResizeAsync(1280, 1100, dark: true);
        await page.ScreenshotAsync("running-dark");
        Assert.Equal("1 1 1", await page.ValueAsync("['header', 'main', 'footer'].map(name => document.querySelectorAll(name).length).join(' ')"));
        Assert.Equal("", await page.ValueAsync("[...document.querySelectorAll('table')].filter(table => !table.caption).map(table => table.id).join()"));
        Assert.Equal("", await page.ValueAsync(
            "[...document.querySelectorAll('section')].filter(part => !document.getElementById(part.getAttribute('aria-labelledby'))?.matches('h1, h2')).map(part => part.id).join()"));
        await page.UntilAsync("document.querySelector('[aria-live=polite]').textContent.startsWith('Trace ')");
        Assert.Equal(0, await job.ExitAsync());
        await page.UntilAsync("document.querySelector('[aria-live=polite]').textContent.startsWith('The job has ended. Trace ')");
        Assert.Empty(page.Complaints);
    }

    [Fact]
    public async Task Eigenvalues_are_on_it_as_they_are_found_and_at_the_end_those_of_the_report()
    {
        await using var browser = await Chromium.StartAsync();
        await using var job = ProgramRun.Start(
            "actorhutch", null,
            ["eigenvalues", "--k", "30", "--relative-error", "1e-5", "--shard", "32", "--json", "--workers", "1", "--device", "cpu", "--dashboard", "127.0.0.1:0"]);
        await using var page = await browser.OpenAsync(await UrlAsync(job));
        await page.ResizeAsync(1280, 1400);
        await page.UntilAsync("document.querySelectorAll('#eigenvalues tbody tr').length > 0");
        await page.ScreenshotAsync("eigenvalues");
        Assert.Equal("0", await page.ValueAsync("[...document.querySelectorAll('#curve, #parts')].filter(part => part.offsetParent).length"));

        Assert.Equal(0, await job.ExitAsync());

        await page.UntilAsync("document.body.dataset.status === 'ended'");
        await page.ScreenshotAsync("eigenvalues-ended");
        double[] found = [.. JobReport.Of(job).Json.GetProperty("eigenvalues").GetProperty("values").EnumerateArray().Select(one => one.GetProperty("value").GetDouble())];
        double[] shown = [.. (await page.ValueAsync("[...document.querySelectorAll('#eigenvalues tbody tr')].map(row => row.cells[0].textContent)"))
            .Split(',').Select(value => double.Parse(value, CultureInfo.InvariantCulture))];
        Assert.Equal(30, shown.Length);
        Assert.All(found.Zip(shown), pair => Assert.Equal(pair.First, pair.Second, 1e-4));
        Assert.StartsWith("The largest in size", await page.ValueAsync("document.getElementById('interval').textContent"));
        Assert.Empty(page.Complaints);
    }

    /// <summary>The tones that do not stand out from a card as WCAG 2.2 asks of text, 4.5 to 1.</summary>
    private const string TooFaint = """
        (() => {
          const style = getComputedStyle(document.documentElement);
          const luminance = name => {
            const [r, g, b] = style.getPropertyValue(name).trim().match(/[0-9a-f]{2}/gi)
              .map(part => parseInt(part, 16) / 255).map(part => part <= .03928 ? part / 12.92 : ((part + .055) / 1.055) ** 2.4);
            return .2126 * r + .7152 * g + .0722 * b;
          };
          const contrast = (a, b) => (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
          return ["--ink", "--muted", "--accent", "--estimate", "--good", "--warn", "--bad", "--exact"]
            .flatMap(tone => ["--card", "--ground"].filter(ground => contrast(luminance(tone), luminance(ground)) < 4.5).map(ground => `${tone} on ${ground}`)).join();
        })()
        """;

    private static ProgramRun Local(string dashboard, string probes, params string[] arguments) => ProgramRun.Start(
        "actorhutch", null,
        ["estimate", "--method", "autodiff", "--probes", probes, "--v-batch", "20", "--json", "--workers", "1", "--device", "cpu",
         "--dashboard", dashboard, .. arguments]);

    private static async Task<string> UrlAsync(ProgramRun job)
    {
        const string Says = "The dashboard is at ";
        await job.LogsAsync(Says);
        return job.Log.First(line => line.StartsWith(Says, StringComparison.Ordinal))[Says.Length..];
    }

    private static Task<string> StatusAsync(BrowserPage page) => page.ValueAsync("document.body.dataset.status");

    private static string WorkerState(string id) =>
        $"[...document.querySelectorAll('#workers tbody tr')].find(row => row.cells[0].textContent.startsWith('{id}'))?.cells[1].textContent";

    private static double Trace(ProgramRun job) => JobReport.Of(job).Json.GetProperty("trace").GetDouble();

    private static async Task AssertEndedAsync(BrowserPage page, ProgramRun job)
    {
        var report = JobReport.Of(job).Json;
        double Of(string name) => report.GetProperty(name).GetDouble();
        await page.UntilAsync("document.body.dataset.status === 'ended'");
        double Shown(string text) => double.Parse(text, CultureInfo.InvariantCulture);
        Assert.Equal(Of("trace"), Shown(await page.ValueAsync("document.getElementById('trace').dataset.value")));
        Assert.Equal(Of("standardError"), Shown(await page.ValueAsync("document.getElementById('trace').dataset.error")));
        Assert.Equal(Of("probes"), Shown(await page.ValueAsync(Probes)));
        Assert.Equal(Of("trace"), Shown(await page.ValueAsync("document.getElementById('trace').textContent")), 2);
        Assert.StartsWith("Exact 12.45", await page.ValueAsync("document.getElementById('exact').textContent"));
        Assert.Equal("The job has ended", await page.ValueAsync("document.getElementById('status').textContent"));
    }
}
