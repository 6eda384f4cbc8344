using System.CommandLine;
using Spectre.Console;

namespace Laurel.Server.Commands;

/// <summary>A progress bar on standard error where that is a terminal; nothing anywhere else.</summary>
internal static class Progress
{
    /// <summary>Whether a command shows nothing while it works: its answer is for programs, or goes elsewhere.</summary>
    public static bool IsSilent(ParseResult line) => line.GetValue(CommonOptions.Json) || line.InvocationConfiguration.Output != Console.Out;

    /// <param name="title">What is being done.</param>
    /// <param name="maximum">What counts as all of it; null where nobody knows.</param>
    /// <param name="silent">Shows nothing.</param>
    /// <param name="work">Reports how much is done so far.</param>
    public static Task Show(string title, long? maximum, bool silent, Func<IProgress<long>, Task> work) =>
        Show(silent, create => work(create(title, maximum)));

    /// <summary>The same for work in two steps; how much the second will be nobody knows.</summary>
    public static Task Show(string title, long? maximum, string then, bool silent, Func<IProgress<long>, IProgress<long>, Task> work) =>
        Show(silent, create => work(create(title, maximum), create(then, null)));

    private static async Task Show(bool silent, Func<Func<string, long?, IProgress<long>>, Task> work)
    {
        if (silent || Console.IsErrorRedirected)
        {
            await work((_, _) => new Reporter(_ => { }));
            return;
        }
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        await console.Progress().AutoClear(true).HideCompleted(true).StartAsync(context => work((title, maximum) => Bar(context, title, maximum)));
    }

    private static Reporter Bar(ProgressContext context, string title, long? maximum)
    {
        var task = context.AddTask(Markup.Escape(title), maxValue: maximum ?? 1);
        task.IsIndeterminate = maximum is null;
        return new Reporter(done =>
        {
            if (maximum is null)
            {
                task.Description = Markup.Escape($"{title}: {done}");
            }
            else
            {
                task.Value = done;
            }
        });
    }

    // Reports at once and in order, which Progress<T> without a synchronization context does not.
    private sealed class Reporter(Action<long> report) : IProgress<long>
    {
        public void Report(long value) => report(value);
    }
}
