using System.Diagnostics;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text;

namespace ActorHutch.Processes;

/// <summary>One of the programs, running as a process of its own; killed when it is disposed of.</summary>
internal sealed partial class ProgramRun : IAsyncDisposable
{
    /// <summary>What fails a test instead of leaving it to wait for ever; nothing is expected to come near it.</summary>
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(90);

    private readonly System.Diagnostics.Process _process = new();
    private readonly StringBuilder _output = new();
    private readonly List<string> _lines = [];
    private readonly Task _exited;
    private TaskCompletionSource _more = NewSignal();

    private ProgramRun(
        string file, IEnumerable<string> arguments, IEnumerable<KeyValuePair<string, string>>? environment = null)
    {
        _process.StartInfo = new ProcessStartInfo(file)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (string argument in arguments) _process.StartInfo.ArgumentList.Add(argument);
        foreach (var (name, value) in environment ?? []) _process.StartInfo.Environment[name] = value;
        _process.OutputDataReceived += (_, line) => { lock (_lines) _output.AppendLine(line.Data); };
        _process.ErrorDataReceived += (_, line) => Append(line.Data);
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        _exited = _process.WaitForExitAsync();
    }

    /// <summary>What was started: the file's name and its arguments.</summary>
    public string Name => $"{Path.GetFileName(_process.StartInfo.FileName)} {string.Join(' ', _process.StartInfo.ArgumentList)}";

    /// <summary>The process's number.</summary>
    public int Id => _process.Id;

    /// <summary>Whether it has not ended.</summary>
    public bool IsRunning => !_exited.IsCompleted;

    /// <summary>Standard output so far.</summary>
    public string Output
    {
        get
        {
            lock (_lines) return _output.ToString();
        }
    }

    /// <summary>Standard error so far.</summary>
    public IReadOnlyList<string> Log
    {
        get
        {
            lock (_lines) return [.. _lines];
        }
    }

    /// <summary>Starts <c>actorhutch</c> or <c>actorhutch-worker</c>.</summary>
    /// <param name="program">Its name.</param>
    /// <param name="host">The network namespace it runs in; null for this process's.</param>
    /// <param name="arguments">Its arguments.</param>
    public static ProgramRun Start(string program, string? host, params string[] arguments) =>
        host is null ? new(PathOf(program), arguments) : StartOn(host, [PathOf(program), .. arguments]);

    /// <summary>Starts any command in a network namespace.</summary>
    /// <param name="host">The network namespace.</param>
    /// <param name="command">The program's file and its arguments.</param>
    // ip lets the program take its own place: the process is the program's.
    public static ProgramRun StartOn(string host, params string[] command) => StartFile("ip", ["netns", "exec", host, .. command]);

    /// <summary>Starts any program.</summary>
    public static ProgramRun StartFile(string file, params string[] arguments) => new(file, arguments);

    /// <summary>Where <c>actorhutch</c> or <c>actorhutch-worker</c> was built.</summary>
    public static string PathOf(string program) => typeof(ProgramRun).Assembly
        .GetCustomAttributes<AssemblyMetadataAttribute>().Single(data => data.Key == program).Value!;

    /// <summary>Starts a program with more in its environment than this process has.</summary>
    public static ProgramRun StartWith(
        string program, IEnumerable<KeyValuePair<string, string>> environment, params string[] arguments) =>
        new(PathOf(program), arguments, environment);

    /// <summary>Waits until so many lines of the log contain a text.</summary>
    public Task LogsAsync(string text, int times = 1) =>
        LogsAsync(line => line.Contains(text, StringComparison.Ordinal), $"'{text}'", times);

    /// <summary>Waits until so many lines of the log are what is waited for.</summary>
    /// <param name="isIt">Whether a line is.</param>
    /// <param name="what">What is waited for, in words.</param>
    /// <param name="times">How many lines.</param>
    public async Task LogsAsync(Func<string, bool> isIt, string what, int times = 1)
    {
        long start = Stopwatch.GetTimestamp();
        while (true)
        {
            Task more;
            lock (_lines)
            {
                if (_lines.Count(isIt) >= times) return;
                more = _more.Task;
            }

            var left = Timeout - Stopwatch.GetElapsedTime(start);
            if (left <= TimeSpan.Zero || await Task.WhenAny(more, _exited, Task.Delay(left)) == _exited)
            {
                await Task.WhenAny(_exited, Task.Delay(100));
                if (Log.Count(isIt) >= times) return;
                Assert.Fail($"{what} was not logged.\n{this}");
            }
        }
    }

    /// <summary>Waits until so many lines of the log contain a text, or the process has ended; returns whether they do.</summary>
    public async Task<bool> LogsOrEndsAsync(string text, int times, TimeSpan patience)
    {
        for (long start = Stopwatch.GetTimestamp(); ;)
        {
            Task more;
            lock (_lines)
            {
                if (_lines.Count(line => line.Contains(text, StringComparison.Ordinal)) >= times) return true;
                more = _more.Task;
            }

            if (_exited.IsCompleted) return false;
            var left = patience - Stopwatch.GetElapsedTime(start);
            if (left <= TimeSpan.Zero) Assert.Fail($"'{text}' was not logged {times} times.\n{this}");
            await Task.WhenAny(more, _exited, Task.Delay(left));
        }
    }

    /// <summary>Waits until standard output contains a text.</summary>
    public async Task OutputsAsync(string text)
    {
        long start = Stopwatch.GetTimestamp();
        while (!Output.Contains(text, StringComparison.Ordinal))
        {
            if (_exited.IsCompleted || Stopwatch.GetElapsedTime(start) > Timeout) Assert.Fail($"'{text}' was not written.\n{Output}\n{this}");
            await Task.Delay(50);
        }
    }

    /// <summary>Waits for the process to end; returns its exit code.</summary>
    /// <param name="patience">What fails the test instead of leaving it to wait; null for what is right for most.</param>
    public async Task<int> ExitAsync(TimeSpan? patience = null)
    {
        if (await Task.WhenAny(_exited, Task.Delay(patience ?? Timeout)) != _exited) Assert.Fail($"It does not end.\n{this}");
        return _process.ExitCode;
    }

    /// <summary>Waits for the process to end; returns the most memory that it was seen to have had, in bytes.</summary>
    public async Task<long> PeakMemoryAsync()
    {
        long peak = 0;
        while (!_exited.IsCompleted)
        {
            try
            {
                // The kernel remembers the peak: what counts is to look once shortly before the end.
                string? line = File.ReadLines($"/proc/{_process.Id}/status").FirstOrDefault(
                    line => line.StartsWith("VmHWM:", StringComparison.Ordinal));
                if (line is not null) peak = long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], null) << 10;
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                // It has just ended.
            }

            await Task.WhenAny(_exited, Task.Delay(20));
        }

        return peak;
    }

    /// <summary>
    /// Waits until it has loaded so many assemblies, which tells how far its start is whatever the machine's speed, and
    /// returns their names.
    /// </summary>
    public IReadOnlySet<string> Loads(int assemblies)
    {
        for (long start = Stopwatch.GetTimestamp(); ;)
        {
            var loaded = Loaded();
            if (loaded.Count >= assemblies) return loaded;
            if (_exited.IsCompleted || Stopwatch.GetElapsedTime(start) > Timeout)
                Assert.Fail($"It does not load {assemblies} assemblies but {loaded.Count}.\n{this}");
        }
    }

    /// <summary>The names of the assemblies that it has loaded; none where it has ended.</summary>
    public IReadOnlySet<string> Loaded()
    {
        try
        {
            return File.ReadLines($"/proc/{_process.Id}/maps")
                .Where(line => line.EndsWith(".dll", StringComparison.Ordinal))
                .Select(line => Path.GetFileName(line))
                .ToHashSet();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return new HashSet<string>();
        }
    }

    /// <summary>Waits until it has computed for so long, on all processors together.</summary>
    public async Task ComputesAsync(TimeSpan time)
    {
        while (_process.TotalProcessorTime < time)
        {
            Assert.False(_exited.IsCompleted, $"It has ended.\n{this}");
            await Task.Delay(50);
            _process.Refresh();
        }
    }

    /// <summary>Sends a signal: SIGKILL 9, SIGTERM 15, SIGCONT 18, SIGSTOP 19.</summary>
    public void Signal(int signal) => Assert.Equal(0, Kill(_process.Id, signal));

    /// <summary>Sends a signal, where the process has not ended; returns whether it had not.</summary>
    public bool TrySignal(int signal) => !_exited.IsCompleted && Kill(_process.Id, signal) == 0;

    public override string ToString() => string.Join('\n', Log.TakeLast(60));

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            // Bounded, so that a process that will not go fails the test that started it and holds up no other.
            await _exited.WaitAsync(Timeout);
        }

        _process.Dispose();
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private void Append(string? line)
    {
        if (line is null) return;
        lock (_lines)
        {
            _lines.Add(line);
            _more.SetResult();
            _more = NewSignal();
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Kill(int process, int signal);
}
