using System.CommandLine;
using Laurel.Server.Commands.Demo;

namespace Laurel.Server.Commands;

/// <summary><c>laurel demo</c>: fills an empty database with a believable past of 90 days.</summary>
internal static class DemoCommand
{
    private static readonly Option<int> Users = Count("--users", "How many users.", 5000, 3, 1_000_000);
    private static readonly Option<int> Badges = Count("--badges", "How many badges.", 200, DemoCatalogue.Issuers.Count, 200);
    private static readonly Option<int> Awards =
        Count("--awards", "How many awards, as far as the users can hold them.", 200_000, DemoTour.Awards, 10_000_000);
    private static readonly Option<int> Seed = Count("--seed", "The same number makes the same demo.", 1, 0, int.MaxValue);

    public static Command Make()
    {
        var demo = new Command("demo", "Fill an empty database with several issuers, 200 badges in English and Arabic, 5,000 users and 200,000 awards of "
            + "the past 90 days. Where that is done already, nothing happens. The user answerhub, who may award for actions, gets the "
            + "password in LAUREL_DEMO_PASSWORD, or none.")
        {
            Users, Badges, Awards, Seed, CommonOptions.Partitions, CommonOptions.Synchronous,
        };
        demo.SetAction((line, _) => Run(line));
        return demo;
    }

    private static Option<int> Count(string name, string description, int normally, int least, int most)
    {
        var option = new Option<int>(name) { Description = description, DefaultValueFactory = _ => normally, HelpName = "number" };
        option.Validators.Add(result =>
        {
            if (result.Tokens.Count > 0 && !(int.TryParse(result.Tokens[0].Value, out var value) && value >= least && value <= most))
            {
                result.AddError($"{name} is {least} to {most}.");
            }
        });
        return option;
    }

    private static async Task<int> Run(ParseResult line)
    {
        var size = new DemoSize(line.GetValue(Users), line.GetValue(Badges), line.GetValue(Awards), (ulong)line.GetValue(Seed));
        var json = line.GetValue(CommonOptions.Json);
        var output = line.InvocationConfiguration.Output;
        DemoCounts? counts = null;
        var settings = Settings.Read();
        var password = settings.Text("DemoPassword") is { Length: > 0 } given ? given : null;
        await using (var core = await settings.Open(line))
        {
            var maker = new DemoMaker(core);
            if (!await maker.IsThere())
            {
                await Progress.Show("Awarding badges", size.Awards, Progress.IsSilent(line),
                    async progress => counts = await maker.Make(size, password, progress));
            }
        }
        if (json)
        {
            CommandJson.Write(output, new DemoJson(counts is not null, counts), CommandJson.Default.DemoJson);
        }
        else
        {
            await output.WriteLineAsync(counts is null
                ? "The demo is there already."
                : $"Made {counts.Issuers} issuers, {counts.Badges} badges, {counts.Users} users, {counts.Awards} awards and {counts.Visits} visits in {counts.Seconds} s.");
        }
        return ExitCodes.Ok;
    }
}
