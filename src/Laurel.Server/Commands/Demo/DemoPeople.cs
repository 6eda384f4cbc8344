using System.Globalization;
using Laurel.Core.Access;
using Laurel.Core.Users;

namespace Laurel.Server.Commands.Demo;

/// <summary>A user of the demo: how active, and at which issuers (by their place in the catalogue).</summary>
internal sealed record DemoUser(long Id, UserDraft Draft, double Activity, IReadOnlyList<int> Issuers);

/// <summary>Who the demo's users are: two thirds with Latin names, a third with Arabic ones. The first two are the tour's.</summary>
internal static class DemoPeople
{
    private static readonly string[] LatinZones = ["Europe/London", "Europe/Berlin", "Europe/Lisbon", "America/New_York", "America/Sao_Paulo", "Asia/Tokyo"];
    private static readonly string[] ArabicZones = ["Asia/Riyadh", "Africa/Cairo", "Asia/Dubai", "Asia/Amman", "Africa/Casablanca"];

    public static List<DemoUser> Make(int count, Dice dice)
    {
        var names = DemoText.Sections("names.txt").ToDictionary(
            section => section.Key, section => section.Value.SelectMany(line => line.Split(' ')).ToArray());
        var taken = new HashSet<string>(StringComparer.Ordinal);
        var users = new List<DemoUser>(count);
        for (var id = 1L; id <= count; id++)
        {
            var arabic = id > DemoTour.ModeratorId && dice.Below(3) == 0;
            var (fullName, handle) = id switch
            {
                DemoTour.UserId => ("Ada Lindqvist", "ada"),
                DemoTour.ModeratorId => ("Vera Solberg", DemoTour.ModeratorName),
                _ => arabic ? Arabic(names, dice) : Latin(names, dice),
            };
            users.Add(new DemoUser(id, new UserDraft
            {
                Key = Free(handle, taken),
                Username = handle,
                FullName = fullName,
                Locale = arabic ? "ar" : "en",
                TimeZone = dice.Of(arabic ? ArabicZones : LatinZones),
                Permissions = id == DemoTour.ModeratorId ? [Permissions.AwardBonusReputation] : [],
                IsVerified = dice.Below(5) == 0,
                FollowersCount = (long)Math.Pow(dice.Unit() * 6, 3),
                // A demo shows its people; whoever is real is private until somebody says otherwise.
                Privacy = Privacy.Public,
                Profile = new UserProfile { Country = arabic ? "SA" : null },
            }, id == DemoTour.UserId ? 8 : Activity(dice), id == DemoTour.UserId ? [0, 1, 2, 3, 4] : Memberships(dice)));
        }
        return users;
    }

    private static (string FullName, string Handle) Latin(Dictionary<string, string[]> names, Dice dice)
    {
        var (first, last) = (dice.Of(names["first"]), dice.Of(names["last"]));
        return ($"{first} {last}", Handle(first, last, dice));
    }

    private static (string FullName, string Handle) Arabic(Dictionary<string, string[]> names, Dice dice)
    {
        var (first, last) = (dice.Of(names["arabic-first"]).Split('='), dice.Of(names["arabic-last"]).Split('='));
        return ($"{first[0]} {last[0]}", Handle(first[1], last[1], dice));
    }

    private static string Handle(string first, string last, Dice dice)
    {
        var (given, family) = (first.ToLowerInvariant(), last.ToLowerInvariant());
        return dice.Below(4) switch
        {
            0 => $"{given}.{family}",
            1 => $"{given}{family}",
            2 => $"{given[0]}.{family}",
            _ => $"{given}_{(70 + dice.Below(40)) % 100:00}",
        };
    }

    // A key is one user's alone; a username without a password need not be.
    private static string Free(string handle, HashSet<string> taken)
    {
        var key = handle;
        for (var number = 2; !taken.Add(key); number++)
        {
            key = handle + number.ToString(CultureInfo.InvariantCulture);
        }
        return key;
    }

    // An eighth looked in once and never came back; of the rest a few do most.
    private static double Activity(Dice dice) => dice.Below(8) == 0 ? 0 : Math.Min(Math.Pow(1 - dice.Unit(), -0.6), 40);

    private static List<int> Memberships(Dice dice)
    {
        var all = Enumerable.Range(0, DemoCatalogue.Issuers.Count).Where(_ => dice.Below(5) < 2).ToList();
        return all.Count > 0 ? all : [dice.Below(DemoCatalogue.Issuers.Count)];
    }
}
