using System.Globalization;

namespace Laurel.Server.Pages;

/// <summary>A language that pages are written in: its texts, and how it writes numbers and dates. The process knows no cultures
/// (InvariantGlobalization), so that an operating system's data decide nothing; what two languages need of CLDR is here.</summary>
public sealed class Language
{
    public static readonly Language English = new("en", "English", isRightToLeft: false);

    public static readonly Language Arabic = new("ar", "العربية", isRightToLeft: true);

    public static readonly IReadOnlyList<Language> All = [English, Arabic];

    private readonly IReadOnlyDictionary<string, string> _texts;
    private readonly string[] _months;

    private Language(string tag, string name, bool isRightToLeft)
    {
        (Tag, Name, IsRightToLeft) = (tag, name, isRightToLeft);
        _texts = LanguageTexts.Read(tag);
        _months = _texts["months"].Split('|');
    }

    public string Tag { get; }

    /// <summary>In the language itself.</summary>
    public string Name { get; }

    public bool IsRightToLeft { get; }

    public string Direction => IsRightToLeft ? "rtl" : "ltr";

    /// <exception cref="KeyNotFoundException">The resource has no such text.</exception>
    public string this[string key] => _texts[key];

    public IEnumerable<string> Keys => _texts.Keys;

    /// <summary>The language with this tag; null for another one.</summary>
    public static Language? Find(string? tag) => All.FirstOrDefault(language => language.Tag == tag);

    /// <summary>The form of a text for a number: <c>key.one</c>, <c>key.other</c>… (CLDR's cardinal categories).</summary>
    public string Counted(string key, long number) => this[$"{key}.{Category(number)}"];

    private string Category(long number)
    {
        var within = Math.Abs(number % 100);
        return (IsRightToLeft, number) switch
        {
            (false, 1) => "one",
            (false, _) => "other",
            (true, 0) => "zero",
            (true, 1) => "one",
            (true, 2) => "two",
            (true, _) => within switch { >= 3 and <= 10 => "few", >= 11 => "many", _ => "other" },
        };
    }

    public string Number(long number) => Digits(number.ToString("#,0", CultureInfo.InvariantCulture));

    /// <summary>To two decimals.</summary>
    public string Number(decimal number) => Digits(number.ToString("#,0.##", CultureInfo.InvariantCulture));

    /// <param name="share">0 to 1; told to one decimal.</param>
    public string Percent(double share) =>
        Digits((share * 100).ToString("0.#", CultureInfo.InvariantCulture)) + (IsRightToLeft ? "\u066a\u061c" : "%");

    /// <summary>As 23 November 2026.</summary>
    public string Date(DateOnly date) => $"{Digits(date.Day.ToString(CultureInfo.InvariantCulture))} {_months[date.Month - 1]} {Digits(date.Year.ToString(CultureInfo.InvariantCulture))}";

    /// <summary>As 14:05, in UTC.</summary>
    public string Time(DateTimeOffset time) => Digits(time.ToString("HH:mm", CultureInfo.InvariantCulture));

    // Arabic-Indic digits, and CLDR's separators for them.
    private string Digits(string number) => !IsRightToLeft ? number : string.Create(number.Length, number, static (told, number) =>
    {
        for (var i = 0; i < told.Length; i++)
        {
            told[i] = number[i] switch
            {
                >= '0' and <= '9' and var digit => (char)(digit - '0' + '\u0660'),
                ',' => '\u066c',
                '.' => '\u066b',
                var other => other,
            };
        }
    });
}
