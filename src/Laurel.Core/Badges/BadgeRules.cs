using Laurel.Core.Issuers;
using Laurel.Core.Storage;

namespace Laurel.Core.Badges;

/// <summary>What a badge may hold.</summary>
internal static class BadgeRules
{
    private const int MaximumLocales = 100;
    private const int MaximumLines = 20;
    private const int MaximumRecognised = 100;
    private const int MaximumAssets = 100;

    public static Refusal? Check(BadgeDraft draft)
    {
        if (draft.Key is not null && !TextRules.IsBadgeKey(draft.Key))
        {
            return Refusal.Invalid("key", "A badge's key has 1 to 255 characters without '/', ',' and control characters, and is not _all.");
        }
        if (IssuerRules.CheckCreator(draft.Creator, "creator") is { } creator)
        {
            return creator;
        }
        if (!LocaleTag.TryCanonicalize(draft.SourceLocale, out _) || !draft.Texts.ContainsKey(draft.SourceLocale))
        {
            return Refusal.Invalid("sourceLocale", "The source locale is a language tag for which there is a text.");
        }
        if (draft.Texts.Count > MaximumLocales)
        {
            return Refusal.Invalid("texts", "At most 100 languages.");
        }
        foreach (var (locale, text) in draft.Texts)
        {
            if (CheckText(locale, text) is { } invalid)
            {
                return invalid;
            }
        }
        return CheckNumbers(draft) ?? CheckAudit(draft);
    }

    private static Refusal? CheckText(string locale, BadgeText text)
    {
        var field = $"texts.{locale}";
        if (!LocaleTag.TryCanonicalize(locale, out _))
        {
            return Refusal.Invalid("texts", "A text's key is a well-formed language tag.");
        }
        if (!TextRules.IsName(text.Name))
        {
            return Refusal.Invalid($"{field}.name", "A name has 1 to 255 characters.");
        }
        if (text.Description is not null && !TextRules.IsDescription(text.Description))
        {
            return Refusal.Invalid($"{field}.description", "A description has at most 4,000 characters.");
        }
        if (text.IconImageId is < 0 or > IdRange.Largest)
        {
            return Refusal.Invalid($"{field}.iconImageId", "An image id is 0 to 2^53 - 1.");
        }
        return text.Lines is { } lines && new[] { lines.Never, lines.Held, lines.Again }.Any(
            some => some.Count > MaximumLines || some.Any(line => !TextRules.Fits(line, TextRules.MaxName)))
            ? Refusal.Invalid($"{field}.lines", "At most 20 lines of at most 255 characters.")
            : null;
    }

    private static Refusal? CheckNumbers(BadgeDraft draft)
    {
        if (draft.IconImageId is < 0 or > IdRange.Largest)
        {
            return Refusal.Invalid("iconImageId", "An image id is 0 to 2^53 - 1.");
        }
        if (draft.AwardAssetIds.Count > MaximumAssets || draft.AwardAssetIds.Any(id => id is < 0 or > IdRange.Largest))
        {
            return Refusal.Invalid("awardAssetIds", "At most 100 ids of 0 to 2^53 - 1.");
        }
        if (draft.Recognises.Count > MaximumRecognised || draft.Recognises.Any(type => !TextRules.IsKey(type)))
        {
            return Refusal.Invalid("recognises", "At most 100 names of action types.");
        }
        if (draft.Target is < 0 or > IdRange.Largest)
        {
            return Refusal.Invalid("target", "A target is 0 to 2^53 - 1.");
        }
        if (draft.Cost is < 0 or > IdRange.Largest)
        {
            return Refusal.Invalid("cost", "A cost is 0 to 2^53 - 1.");
        }
        if (!Enum.IsDefined(draft.Rarity))
        {
            return Refusal.Invalid("rarity", "Rarity is 1 to 4.");
        }
        return Enum.IsDefined(draft.Level) ? null : Refusal.Invalid("level", "A level is bronze, silver, gold or null.");
    }

    private static Refusal? CheckAudit(BadgeDraft draft)
    {
        if (draft.Uid is not null && !Guid.TryParseExact(draft.Uid, "D", out _))
        {
            return Refusal.Invalid("uid", "A uid is a UUID.");
        }
        foreach (var (field, name) in new[] { ("createdBy", draft.CreatedBy), ("updatedBy", draft.UpdatedBy), ("deletedBy", draft.DeletedBy) })
        {
            if (name is not null && !TextRules.IsName(name))
            {
                return Refusal.Invalid(field, "A name has 1 to 255 characters.");
            }
        }
        foreach (var (field, time) in new[] { ("createdAt", draft.CreatedAt), ("updatedAt", draft.UpdatedAt), ("deletedAt", draft.DeletedAt) })
        {
            if (time is < 0 or > Clock.Latest)
            {
                return Refusal.Invalid(field, "A time lies between 1970 and 9999.");
            }
        }
        return null;
    }
}
