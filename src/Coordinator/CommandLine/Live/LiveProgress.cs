using ActorHutch.Coordinator.Actors;
using ActorHutch.Coordinator.Scheduling;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace ActorHutch.Coordinator.CommandLine.Live;

/// <summary>
/// Progress at the foot of a terminal, drawn over and over until the result takes its place. Lines that are written to
/// the same screen meanwhile appear above it.
/// </summary>
/// <param name="screen">The terminal.</param>
/// <param name="patience">A job that takes no longer shows its result alone: nobody could read more.</param>
internal sealed class LiveProgress(IAnsiConsole screen, TimeSpan patience) : IProgressDisplay
{
    private readonly Lock _gate = new();
    private LiveDisplayContext? _context;
    private TaskCompletionSource _end = new();
    private Task _display = Task.CompletedTask;

    public void Waiting(JobState state) => Draw(WaitingPanel.Of(state, SizeOf(screen)));

    public void Show(string? title, JobProgress progress)
    {
        if (progress.Elapsed >= patience) Draw(ProgressPanel.Of(title, progress, SizeOf(screen)));
    }

    public void Clear()
    {
        lock (_gate)
        {
            if (_context is null) return;
            _context = null;
            // What waits for it runs here, so that nothing is left on the screen once this has returned.
            _end.SetResult();
            _display.GetAwaiter().GetResult();
        }
    }

    private void Draw(IRenderable view)
    {
        lock (_gate)
        {
            if (_context is not null)
            {
                _context.UpdateTarget(view);
                return;
            }

            _end = new TaskCompletionSource();
            _display = screen.Live(view).AutoClear(true).Overflow(VerticalOverflow.Crop).StartAsync(context =>
            {
                _context = context;
                context.Refresh();
                return _end.Task;
            });
        }
    }

    private static Size SizeOf(IAnsiConsole screen) => new(screen.Profile.Width, screen.Profile.Height);
}
