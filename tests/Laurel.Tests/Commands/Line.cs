using Laurel.Server.Commands;
using Laurel.Tests.Harness;

namespace Laurel.Tests.Commands;

/// <summary>Runs a command line in this process.</summary>
internal static class Line
{
    public static async Task<(int ExitCode, string Output, string Error)> Run(params string[] arguments)
    {
        await using var output = new StringWriter();
        await using var error = new StringWriter();
        var exitCode = await RootCommands.Run(arguments, output, error);
        return (exitCode, output.ToString(), error.ToString());
    }

    /// <summary>A demo small enough for a test.</summary>
    public static Task<(int ExitCode, string Output, string Error)> Demo(TestDatabase database, params string[] further) =>
        Run(DemoArguments(database, further));

    public static string[] DemoArguments(TestDatabase database, params string[] further) =>
    [
        "demo", "--database", database.ConnectionString, "--partitions", database.Partitioned ? "4" : "0",
        "--users", "60", "--badges", "40", .. further.Contains("--awards") ? further : ["--awards", "1500", .. further],
    ];
}
