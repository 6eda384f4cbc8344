namespace Laurel.Core;

/// <summary>Work that many wait for at once: who asks while it runs shares the next run with all others who do, so that every run that
/// somebody waits for began after they asked.</summary>
internal sealed class SharedRuns<T>(Func<Task<T>> work)
{
    private readonly Lock _gate = new();
    private TaskCompletionSource<T>? _next;
    private bool _runs;

    public Task<T> Run()
    {
        TaskCompletionSource<T> run;
        lock (_gate)
        {
            if (_runs)
            {
                // They go on in parallel, not one after the other on the thread that ends the run.
                return (_next ??= New()).Task;
            }
            (_runs, run) = (true, New());
        }
        _ = Serve(run);
        return run.Task;
    }

    private static TaskCompletionSource<T> New() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private async Task Serve(TaskCompletionSource<T>? run)
    {
        while (run is not null)
        {
            try
            {
                run.SetResult(await work());
            }
            catch (Exception failure)
            {
                run.SetException(failure);
            }
            lock (_gate)
            {
                (run, _next) = (_next, null);
                _runs = run is not null;
            }
        }
    }
}
