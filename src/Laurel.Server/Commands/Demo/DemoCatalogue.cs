using System.Globalization;
using Laurel.Core;
using Laurel.Core.Awards;
using Laurel.Core.Badges;
using Laurel.Core.Issuers;

namespace Laurel.Server.Commands.Demo;

/// <summary>An issuer of the demo, and where its awards come from. <paramref name="FirstBadge"/> is the id of its first badge.</summary>
internal sealed record DemoIssuer(long Id, string Key, string Name, long RootPlace, string Zone, AwardSource Source, long FirstBadge)
{
    public IssuerDraft Draft(IReadOnlyList<long> managers) => new(Key, Name)
    {
        RootPlaceId = RootPlace,
        TimeZone = Zone,
        Creator = new Creator(CreatorType.Group, Id, $"{Name} team"),
        Managers = managers,
        Origin = Source == AwardSource.Perfumer ? IssuerOrigin.Perfumer : IssuerOrigin.Native,
    };
}

/// <summary>A badge of the demo; the larger its weight, the more often it is earned.</summary>
internal sealed record DemoBadge(long Id, DemoIssuer Issuer, BadgeDraft Draft, double Weight);

/// <summary>Who issues what in the demo: for each dialect at least one issuer, whose first badge is always there.</summary>
internal static class DemoCatalogue
{
    public static IReadOnlyList<DemoIssuer> Issuers { get; } =
    [
        new(994_732_206, "tidebreak-isles", "Tidebreak Isles", 2_753_915_549, "UTC", AwardSource.Roblox, 2_125_253_106),
        new(811_204_417, "starling-orchard", "Starling Orchard", 6_120_394_817, "UTC", AwardSource.Roblox, 2_130_041_001),
        new(1203, "askwell-bench", "Askwell Bench", 0, "Europe/London", AwardSource.AnswerHub, 3001),
        new(1204, "morning-oasis", "Morning Oasis", 0, "Asia/Riyadh", AwardSource.Karaz, 4001),
        new(1205, "paper-lantern", "Paper Lantern Studio", 0, "Europe/Lisbon", AwardSource.AISquare, 5001),
        new(1206, "my_collection1", "My collection", 0, "UTC", AwardSource.Perfumer, 6001),
    ];

    private static readonly Dictionary<string, List<string>> Wording = DemoText.Sections("lines.txt");

    /// <summary>The first <paramref name="count"/> badges, taken from all issuers in turn.</summary>
    public static List<DemoBadge> Badges(int count, long now, Dice dice)
    {
        var texts = DemoText.Sections("badges.txt");
        var all = from issuer in Issuers
                  from line in texts[issuer.Key].Select((text, index) => (text, index))
                  orderby line.index
                  select Badge(issuer, line.index, line.text.Split('|'), now, dice);
        return [.. all.Take(count)];
    }

    private static DemoBadge Badge(DemoIssuer issuer, int index, string[] parts, long now, Dice dice)
    {
        var rarity = (Rarity)(parts[0][1] - '0');
        var recurrence = Often(parts[0][0]);
        var created = now - ((100 + dice.Below(600)) * Clock.Day) - (dice.Below(86_400) * Clock.Second);
        var isReward = issuer.Source == AwardSource.AISquare;
        var further = parts.Length > 5 ? parts[5] : null;
        var target = issuer.Source == AwardSource.Karaz && further is not null ? int.Parse(further, CultureInfo.InvariantCulture) : (int?)null;
        var draft = new BadgeDraft
        {
            IssuerId = issuer.Id,
            Key = parts[1].ToLowerInvariant().Replace(' ', '-').Replace("'", "", StringComparison.Ordinal).Replace(",", "", StringComparison.Ordinal),
            Creator = new Creator(CreatorType.Group, issuer.Id),
            Texts = new Dictionary<string, BadgeText>
            {
                ["en"] = new(parts[1], parts[2], Lines(issuer, recurrence, target, 1, parts[2])),
                ["ar"] = new(parts[3], parts[4], Lines(issuer, recurrence, target, 2, parts[4])),
            },
            Recurrence = recurrence,
            Target = target,
            Recognises = issuer.Source == AwardSource.AnswerHub && further is not null ? [further] : [],
            IconImageId = 9_043_500_281 + (index * 17),
            Rarity = rarity,
            Level = issuer.Source != AwardSource.AnswerHub ? BadgeLevel.None
                : rarity == Rarity.Common ? BadgeLevel.Bronze
                : rarity == Rarity.Rare ? BadgeLevel.Silver
                : BadgeLevel.Gold,
            Cost = isReward ? (int)rarity * 250 : 0,
            Claimable = isReward,
            HiddenUntilClaimed = isReward && rarity == Rarity.Legendary,
            CreatedAt = created,
            UpdatedAt = created,
        };
        return new DemoBadge(issuer.FirstBadge + index, issuer, draft, Weight(rarity) * Eagerness(recurrence) * (0.3 + (1.4 * dice.Unit())));
    }

    // Only Karaz shows other lines than the description.
    private static BadgeLines? Lines(DemoIssuer issuer, Recurrence recurrence, int? target, int language, string description)
    {
        if (issuer.Source != AwardSource.Karaz)
        {
            return null;
        }
        var lines = Wording[recurrence switch
        {
            Recurrence.PerPeriod => "period",
            Recurrence.Once => "once",
            _ => "always",
        }].ConvertAll(line => line.Split('|'));
        return new BadgeLines(For("n"), For("h"), For("a"));

        IReadOnlyList<string> For(string whom) =>
        [
            .. lines.Where(line => line[0] == whom).Select(line => line[language])
                .Where(line => target is not null || !line.Contains("{target}", StringComparison.Ordinal))
                .Select(line => line.Replace("{description}", description, StringComparison.Ordinal)),
        ];
    }

    // The periods' weeks begin on a Sunday.
    private static Recurrence Often(char letter) => letter switch
    {
        'o' => new Recurrence.Once(),
        's' => new Recurrence.PerSubject(),
        'a' => new Recurrence.PerAction(),
        'd' => new Recurrence.PerPeriod(1, PeriodUnit.Day, new DateOnly(2023, 1, 1)),
        'w' => new Recurrence.PerPeriod(1, PeriodUnit.Week, new DateOnly(2023, 1, 1)),
        'm' => new Recurrence.PerPeriod(1, PeriodUnit.Month, new DateOnly(2023, 1, 1)),
        _ => new Recurrence.Always(),
    };

    private static double Weight(Rarity rarity) => rarity switch
    {
        Rarity.Common => 100,
        Rarity.Rare => 25,
        Rarity.Epic => 5,
        Rarity.Legendary => 0.7,
    };

    private static double Eagerness(Recurrence recurrence) => recurrence switch
    {
        Recurrence.Once => 1,
        Recurrence.PerPeriod { Unit: PeriodUnit.Month } => 0.6,
        Recurrence.PerPeriod { Unit: PeriodUnit.Week } => 1.2,
        _ => 2,
    };
}
