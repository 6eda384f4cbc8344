using System.Buffers;
using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Laurel.Core;
using Laurel.Core.Awards;
using Laurel.Core.Badges;
using Laurel.Core.Issuers;
using Laurel.Server.Media;

namespace Laurel.Server.Dialects.Karaz;

/// <summary>One badge as this API shows it, rendered once for a day of its issuer's zone and a version of the catalogue; a user's own
/// numbers and times go in between.</summary>
internal sealed record BadgeView
{
    public required Badge Badge { get; init; }

    public required Issuer Issuer { get; init; }

    /// <summary>The catalogue it was rendered from…</summary>
    public required long Version { get; init; }

    /// <summary>…and the day for which.</summary>
    public required DateOnly Day { get; init; }

    /// <summary>The whole item of a user who never obtained it.</summary>
    public required byte[] Never { get; init; }

    /// <summary>From behind the count to the last time, for a user who obtained it in the current period…</summary>
    public required byte[] Held { get; init; }

    /// <summary>…and for one who obtained it earlier only.</summary>
    public required byte[] Again { get; init; }

    /// <summary>What follows the last time.</summary>
    public required byte[] Tail { get; init; }

    /// <summary>The same badge for those from whom it hides; null where it does not.</summary>
    public BadgeView? Mask { get; init; }
}

/// <summary>Renders badges, and keeps what it rendered.</summary>
internal sealed class BadgeViews(LaurelCore core, ServerOptions options)
{
    // As many as the catalogue keeps definitions, about 2 KB each.
    private const int Kept = 50_000;

    private static readonly AcceptLanguage Arabic = AcceptLanguage.Parse("ar");
    private static readonly AcceptLanguage English = AcceptLanguage.Parse("en");

    private readonly BadgeSet _badges = core.Badges.Of(new IssuerSet(options.KarazIssuers));
    private readonly ConcurrentDictionary<long, BadgeView> _views = new();

    /// <summary>The enabled badges that this API speaks for, by id.</summary>
    public ValueTask<IReadOnlyList<long>> Enabled() => _badges.Enabled();

    /// <summary>Whether this API speaks for the badge.</summary>
    public async ValueTask<bool> Has(long badgeId) => await _badges.Find(badgeId) is not null;

    /// <summary>The badge as it shows today; null when this API does not speak for it.</summary>
    public ValueTask<BadgeView?> Find(long badgeId, LocalDays days) =>
        _views.TryGetValue(badgeId, out var view) && view.Version == core.Badges.Version && view.Day == days.In(view.Issuer.TimeZone).Today
            ? ValueTask.FromResult<BadgeView?>(view)
            : Look(badgeId, days);

    private async ValueTask<BadgeView?> Look(long badgeId, LocalDays days)
    {
        var version = core.Badges.Version;
        if (await _badges.Find(badgeId) is not { } badge || await core.Issuers.Find(badge.IssuerId) is not { } issuer)
        {
            return null;
        }
        var day = days.In(issuer.TimeZone).Today;
        var view = Render(badge, issuer, IconPaths.Of(badge, masked: false), version, day);
        if (badge.HiddenUntilClaimed)
        {
            view = view with { Mask = Render(badge.Masked(), issuer, IconPaths.Of(badge, masked: true), version, day) };
        }
        if (_views.Count >= Kept)
        {
            _views.Clear();
        }
        _views[badgeId] = view;
        return view;
    }

    private static BadgeView Render(Badge badge, Issuer issuer, string icon, long version, DateOnly day)
    {
        var ifHeld = Obtainability.Next(badge.Recurrence, isHeld: true, day);
        var ifNever = Obtainability.Next(badge.Recurrence, isHeld: false, day);
        return new BadgeView
        {
            Badge = badge,
            Issuer = issuer,
            Version = version,
            Day = day,
            Never =
            [
                .. "{\"I\":0,\"all_achievement_times\":[],\"badge_count\":0,"u8, .. Told(badge, icon, AwardState.Never, ifNever),
                .. ",\"last_achievement_time\":\""u8, .. Rest(ifNever),
            ],
            Held = [.. ","u8, .. Told(badge, icon, AwardState.Held, ifHeld), .. ",\"last_achievement_time\":\""u8],
            Again = [.. ","u8, .. Told(badge, icon, AwardState.Again, ifHeld), .. ",\"last_achievement_time\":\""u8],
            Tail = Rest(ifHeld),
        };
    }

    private static byte[] Rest(DateOnly? next) =>
        Encoding.ASCII.GetBytes($"\",\"next_obtainable\":\"{next?.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)}\"}}");

    // The members from badge_description_a to badge_name_e.
    private static byte[] Told(Badge badge, string icon, AwardState state, DateOnly? next)
    {
        var (arabic, english) = (Arabic.Choose(badge.Texts, badge.SourceLocale), English.Choose(badge.Texts, badge.SourceLocale));
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = KarazJson.Encoder }))
        {
            json.WriteStartObject();
            Write(json, "badge_description_a", badge.Lines(arabic, state, next));
            Write(json, "badge_description_e", badge.Lines(english, state, next));
            json.WriteString("badge_icon", icon);
            json.WriteNumber("badge_id", badge.Id);
            json.WriteString("badge_name_a", badge.Texts[arabic].Name);
            json.WriteString("badge_name_e", badge.Texts[english].Name);
            json.WriteEndObject();
        }
        return buffer.WrittenSpan[1..^1].ToArray();
    }

    private static void Write(Utf8JsonWriter json, string name, IReadOnlyList<string> lines)
    {
        json.WriteStartArray(name);
        foreach (var line in lines)
        {
            json.WriteStringValue(line);
        }
        json.WriteEndArray();
    }
}
