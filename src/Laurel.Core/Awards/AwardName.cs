namespace Laurel.Core.Awards;

/// <summary>What an award is called within its issuer: its badge's key and, behind a slash, its subject. A name is a path:
/// <c>a/b/c</c> is also found under <c>a</c> and <c>a/b</c>.</summary>
/// <param name="Key">The first segment.</param>
/// <param name="Subject">The rest; null without a slash, empty where the name ends in its first one.</param>
public readonly record struct AwardName(string Key, string? Subject)
{
    /// <summary>Stands for all names. Nothing is called so.</summary>
    public const string All = "_all";

    public static AwardName Of(string text) =>
        text.IndexOf('/') is >= 0 and var slash ? new(text[..slash], text[(slash + 1)..]) : new(text, null);

    /// <summary>Whether an award with this subject lies at this subject or below it; everything does where none is given.</summary>
    public static bool IsUnder(string? subject, string? prefix) =>
        prefix is null
        || (subject is not null && subject.StartsWith(prefix, StringComparison.Ordinal) && (subject.Length == prefix.Length || subject[prefix.Length] == '/'));

    /// <inheritdoc/>
    public override string ToString() => Subject is null ? Key : $"{Key}/{Subject}";
}
