using System.Globalization;
using System.Text.Json;
using Laurel.Core;
using Laurel.Core.Awards;
using Laurel.Tests.Harness;
using Xunit;

namespace Laurel.Tests.Commands;

public sealed class DemoCommandTests
{
    [Theory, EveryEngine]
    public async Task It_makes_what_it_says_and_the_doctor_finds_nothing(Engine engine)
    {
        await using var database = await TestDatabase.Create(engine);

        var (exitCode, output, error) = await Line.Demo(database, "--json");

        Assert.True(exitCode == 0, error);
        var counts = JsonDocument.Parse(output).RootElement.GetProperty("counts");
        Assert.Equal([6, 40, 60, 1500], new[] { "issuers", "badges", "users", "awards" }.Select(each => counts.GetProperty(each).GetInt32()));
        var doctor = await Line.Run("doctor", "--database", database.ConnectionString, "--json");
        Assert.True(doctor.ExitCode == 0, doctor.Output);
        Assert.Equal(1500, JsonDocument.Parse(doctor.Output).RootElement.GetProperty("awards").GetInt64());
    }

    [Theory, EveryEngine]
    public async Task A_second_one_changes_nothing(Engine engine)
    {
        await using var database = await TestDatabase.Create(engine);
        await Line.Demo(database);

        var (exitCode, output, _) = await Line.Demo(database, "--seed", "2");

        Assert.Equal((0, "The demo is there already."), (exitCode, output.Trim()));
        var json = await Line.Demo(database, "--json");
        Assert.Equal("{\"created\":false}", json.Output.Trim());
    }

    [Fact]
    public async Task The_first_badge_waits_for_the_first_user()
    {
        await using var database = await TestDatabase.Create(Engine.Sqlite);
        await Line.Demo(database);
        await using var laurel = await TestCore.OpenSecond(database);

        var (outcome, badge) = await laurel.Core.Awarding.AwardFromPlace(2_753_915_549, 1, 2_125_253_106, TestCore.Administrator, default);

        Assert.True(outcome.Created);
        Assert.Equal(994_732_206, badge!.IssuerId);
        Assert.Contains("ar", badge.Texts.Keys);
        Assert.NotEmpty(await laurel.Core.UserAwards.Badges(1, Position.First, ascending: true, 10));
    }

    [Fact]
    public async Task Its_past_is_of_ninety_days_and_its_badges_are_won()
    {
        await using var database = await TestDatabase.Create(Engine.Sqlite);
        await Line.Demo(database);
        await using var laurel = await TestCore.OpenSecond(database);
        var now = laurel.Core.Time.Micros();

        var rates = new List<double>();
        foreach (var badge in await laurel.Core.Badges.List(null, 0, 200))
        {
            rates.Add(laurel.Core.Statistics.WinRate(badge.Id, badge.IssuerId));
        }
        for (var user = 1; user <= 60; user++)
        {
            foreach (var award in await laurel.Core.UserAwards.List(user, Position.First, 1000))
            {
                Assert.InRange(award.AwardedAt, now - (91 * Clock.Day), now);
            }
        }

        Assert.Contains(rates, rate => rate > 0);
        Assert.All(rates, rate => Assert.InRange(rate, 0, 1));
    }

    [Theory, EveryEngine]
    public async Task Its_rules_have_awarded_and_Ada_is_on_her_way(Engine engine)
    {
        await using var database = await TestDatabase.Create(engine);
        await Line.Demo(database);
        await using var laurel = await TestCore.OpenSecond(database);
        var rules = (await laurel.Core.Rules.List(0, 100)).ToDictionary(rule => rule.Draft.Key);

        var awards = new List<Award>();
        for (var user = 1; user <= 60; user++)
        {
            awards.AddRange(await laurel.Core.UserAwards.List(user, Position.First, 1000));
        }
        var progress = TestCore.Value(await laurel.Core.Rules.Progress(1, TestCore.Administrator)).ToDictionary(told => told.RuleKey);

        Assert.Equal(["collector", "editor", "first-login", "ramadan-2027", "seven-day-streak"], rules.Keys.Order());
        Assert.All(["collector", "editor", "first-login", "seven-day-streak"], key => Assert.Contains(awards, award => award.Rule?.Id == rules[key].Id));
        Assert.Equal([AwardSource.Rule, AwardSource.Backfill], awards.Where(award => award.Rule is not null).Select(award => award.Source).Distinct().Order());
        Assert.InRange(progress["seven-day-streak"].Count, 5, 6);
        Assert.Equal((37, false), (progress["editor"].Count, progress["editor"].IsDone));
    }

    [Fact]
    public async Task Ramadan_begins_and_ends_in_the_evening()
    {
        await using var database = await TestDatabase.Create(Engine.Sqlite);
        await Line.Demo(database);
        await using var laurel = await TestCore.OpenSecond(database);
        var calendar = new UmAlQuraCalendar();
        var first = calendar.ToDateTime(1448, 9, 1, 0, 0, 0, 0);
        var days = calendar.GetDaysInMonth(1448, 9);

        var rule = (await laurel.Core.Rules.List(0, 100)).Single(rule => rule.Draft.Key == "ramadan-2027").Draft;

        Assert.Equal(DateOnly.FromDateTime(first.AddDays(-1)), Zones.LocalDate(rule.ValidFrom!.Value, "Asia/Riyadh"));
        Assert.InRange(Zones.LocalDate(rule.ValidUntil!.Value, "Asia/Riyadh"), DateOnly.FromDateTime(first.AddDays(days - 1)), DateOnly.FromDateTime(first.AddDays(29)));
    }

    [Fact]
    public async Task The_same_seed_makes_the_same_users_and_badges()
    {
        await using var one = await TestDatabase.Create(Engine.Sqlite);
        await using var other = await TestDatabase.Create(Engine.Sqlite);
        await Line.Demo(one, "--seed", "7");
        await Line.Demo(other, "--seed", "7");
        await using var first = await TestCore.OpenSecond(one);
        await using var second = await TestCore.OpenSecond(other);

        Assert.Equal(
            (await first.Core.Users.List(0, 100)).Select(user => user.Draft.FullName),
            (await second.Core.Users.List(0, 100)).Select(user => user.Draft.FullName));
    }

    [Fact]
    public async Task It_does_not_mix_with_what_is_there()
    {
        await using var database = await TestDatabase.Create(Engine.Sqlite);
        await using (var laurel = await TestCore.OpenSecond(database))
        {
            await laurel.User(1);
        }

        var (exitCode, _, error) = await Line.Demo(database);

        Assert.Equal(1, exitCode);
        Assert.Contains("not empty", error, StringComparison.Ordinal);
    }
}
