using System.Globalization;
using Laurel.Core.Awards;

namespace Laurel.Core.Badges;

/// <summary>What a badge says to a user, line by line.</summary>
public static class Wording
{
    private const string Target = "{target}";
    private const string Next = "{next}";

    private static readonly string[] LineEnds = ["\r\n", "\n"];

    /// <summary>The lines in a language for a user's state: the text's own for that state, with <c>{target}</c> and <c>{next}</c>
    /// (printed DD-MM-YYYY) filled in; without any, its description, a line for each of its lines. What a language lacks comes from
    /// the source locale. Nothing is trimmed.</summary>
    /// <param name="badge">The badge.</param>
    /// <param name="locale">A language it has a text in.</param>
    /// <param name="state">The user's.</param>
    /// <param name="next">When the user can earn it next; null for never: then nothing stands in its place.</param>
    public static IReadOnlyList<string> Lines(this Badge badge, string locale, AwardState state, DateOnly? next) =>
        Lines(badge, badge.Texts[locale], state, next) ?? Lines(badge, badge.Source, state, next) ?? [];

    private static IReadOnlyList<string>? Lines(Badge badge, BadgeText text, AwardState state, DateOnly? next) =>
        Of(text.Lines, state) is { Count: > 0 } lines ? [.. lines.Select(line => Filled(line, badge.Target, next))]
        : text.Description is { } description ? Split(description)
        : null;

    private static IReadOnlyList<string>? Of(BadgeLines? lines, AwardState state) => state switch
    {
        AwardState.Never => lines?.Never,
        AwardState.Held => lines?.Held,
        AwardState.Again => lines?.Again,
    };

    private static string Filled(string line, long? target, DateOnly? next) => line
        .Replace(Target, target?.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)
        .Replace(Next, next?.ToString("dd-MM-yyyy", CultureInfo.InvariantCulture), StringComparison.Ordinal);

    // An empty description has no line.
    private static string[] Split(string description) => description.Length == 0 ? [] : description.Split(LineEnds, StringSplitOptions.None);
}
