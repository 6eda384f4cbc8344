using System.Globalization;
using Laurel.Core;
using Laurel.Core.Badges;
using Microsoft.AspNetCore.Components;

namespace Laurel.Server.Pages;

/// <summary>Who reads a page: in which language, and which of its languages a badge shall speak.</summary>
public sealed class Reader
{
    public const string CookieName = "laurel-language";

    public const string Parameter = "lang";

    private static readonly Dictionary<string, int> Available = Language.All.ToDictionary(language => language.Tag, _ => 0);

    private static readonly Dictionary<Language, Reader> Fixed = Language.All.ToDictionary(
        language => language, language => new Reader(language, AcceptLanguage.Parse(language.Tag), language.Tag));

    // Of a header; who sends more is not served from what is kept.
    private const int LongestKey = 100;

    private Reader(Language language, AcceptLanguage wish, string? key) => (Language, Wish, Key) = (language, wish, key);

    public Language Language { get; }

    public AcceptLanguage Wish { get; }

    /// <summary>Equal for readers who are shown the same; null where that is not known.</summary>
    public string? Key { get; }

    /// <summary>As the address says (<c>?lang=ar</c>), else the cookie that the language switch sets, else Accept-Language.</summary>
    public static Reader Of(HttpRequest request)
    {
        if (request.QueryString.HasValue && Language.Find(request.Query[Parameter]) is { } asked)
        {
            return Fixed[asked];
        }
        if (request.Headers.Cookie.Count > 0 && Language.Find(request.Cookies[CookieName]) is { } chosen)
        {
            return Fixed[chosen];
        }
        var header = request.Headers.AcceptLanguage.ToString();
        if (header.Length == 0)
        {
            return Fixed[Language.English];
        }
        var wish = AcceptLanguage.Parse(header);
        return new Reader(Language.Find(wish.Choose(Available, Language.English.Tag))!, wish, header.Length > LongestKey ? null : "accept:" + header);
    }

    /// <summary>What a page says in the reader's language.</summary>
    public string this[string key] => Language[key];

    /// <summary>A text with its places filled by plain texts: users' own are for <see cref="Phrase"/>, or isolated (PlainText).</summary>
    public string Say(string key, params object?[] values) => string.Format(null, Language[key], values);

    /// <summary>A text that counts something: the number stands in <c>{0}</c>.</summary>
    public string Count(string key, long number) => string.Format(null, Language.Counted(key, number), Language.Number(number));

    /// <summary>A number for machines and forms: plain digits; empty for none.</summary>
    public static string Plain(long? number) => number?.ToString(CultureInfo.InvariantCulture) ?? "";

    /// <summary>Yes or no, in words.</summary>
    public string YesNo(bool isSo) => this[isSo ? "admin.yes" : "admin.no"];

    /// <summary>A text with its places filled by markup.</summary>
    public RenderFragment Phrase(string key, params RenderFragment[] parts) => builder =>
    {
        var rest = Language[key].AsSpan();
        for (var open = rest.IndexOf('{'); open >= 0; open = rest.IndexOf('{'))
        {
            builder.AddContent(0, rest[..open].ToString());
            builder.AddContent(1, parts[rest[open + 1] - '0']);
            rest = rest[(open + 3)..];
        }
        builder.AddContent(2, rest.ToString());
    };

    /// <summary>A text of somebody's own: whichever way it runs, nothing around it moves.</summary>
    /// <param name="text">As it was stored.</param>
    /// <param name="locale">Its language, where that is known and may not be the page's.</param>
    public RenderFragment Own(string text, string? locale = null) => builder =>
    {
        builder.OpenElement(0, "bdi");
        if (locale is not null && locale != Language.Tag)
        {
            builder.AddAttribute(1, "lang", locale);
        }
        builder.AddContent(2, text);
        builder.CloseElement();
    };

    /// <summary>A date within a phrase.</summary>
    public RenderFragment When(DateOnly date) => builder =>
    {
        builder.OpenElement(0, "time");
        builder.AddAttribute(1, "datetime", date.ToString("yyyy-MM-dd", null));
        builder.AddContent(2, Language.Date(date));
        builder.CloseElement();
    };

    /// <summary>The day of an instant, in UTC.</summary>
    /// <param name="micros">Microseconds since 1970 UTC.</param>
    public RenderFragment When(long micros) => When(Day(micros));

    /// <summary>An instant to the minute, in UTC.</summary>
    /// <param name="micros">Microseconds since 1970 UTC.</param>
    public RenderFragment Moment(long micros) => builder =>
    {
        var time = Clock.ToTime(micros);
        builder.OpenElement(0, "time");
        builder.AddAttribute(1, "datetime", time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", null));
        builder.AddContent(2, $"{Language.Date(Day(micros))} {Language.Time(time)}");
        builder.CloseElement();
    };

    public static DateOnly Day(long micros) => DateOnly.FromDateTime(Clock.ToTime(micros).UtcDateTime);

    /// <summary>The language that the badge is shown in.</summary>
    public string LocaleOf(Badge badge) => Wish.Choose(badge.Texts, badge.SourceLocale);

    public BadgeText TextOf(Badge badge) => badge.Texts[LocaleOf(badge)];
}
