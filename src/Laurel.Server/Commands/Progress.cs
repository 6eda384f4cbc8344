using Spectre.Console;

namespace Laurel.Server.Commands;

/// <summary>A progress bar on standard error where that is a terminal; nothing anywhere else.</summary>
internal static class Progress
{
    /// <param name="title">What is being done.</param>
    /// <param name="maximum">What counts as all of it; null where nobody knows.</param>
    /// <param name="silent">Shows nothing.</param>
    /// <param name="work">Reports how much is done so far.</param>
    public static async Task Show(string title, long? maximum, bool silent, Func<IProgress<long>, Task> work)
    {
        if (silent || Console.IsErrorRedirected)
        {
            await work(new Reporter(_ => { }));
            return;
        }
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        await console.Progress().AutoClear(true).HideCompleted(true).StartAsync(async context =>
        {
            var task = context.AddTask(Markup.Escape(title), maxValue: maximum ?? 1);
            task.IsIndeterminate = maximum is null;
            await work(new Reporter(done =>
            {
                if (maximum is null)
                {
                    task.Description = Markup.Escape($"{title}: {done}");
                }
                else
                {
                    task.Value = done;
                }
            }));
        });
    }

    // Reports at once and in order, which Progress<T> without a synchronization context does not.
    private sealed class Reporter(Action<long> report) : IProgress<long>
    {
        public void Report(long value) => report(value);
    }
}
