using System.Globalization;
using Laurel.Core.Awards;
using Laurel.Core.Storage;

namespace Laurel.Core.Issuers;

/// <summary>What an issuer and a place may hold.</summary>
internal static class IssuerRules
{
    private const int MaximumManagers = 1000;
    private const int MaximumLifetimeDays = 36_500;

    public static Refusal? Check(IssuerDraft draft, long id)
    {
        if (draft.Key is not null && !TextRules.IsKeyOf(draft.Key, id))
        {
            return Refusal.Invalid("key", "A key has 1 to 255 characters, none of them control characters; all digits only if they are the id.");
        }
        if (!TextRules.IsName(draft.Name))
        {
            return Refusal.Invalid("name", "A name has 1 to 255 characters.");
        }
        if (draft.RootPlaceId != 0 && !IdRange.IsOpen(IdKind.Place, draft.RootPlaceId))
        {
            return Refusal.Invalid("rootPlaceId", "A place's id is 1 to 2^53 - 1, outside the range that is handed out.");
        }
        if (!Zones.IsKnown(draft.TimeZone))
        {
            return Refusal.Invalid("timeZone", "Not a time zone of the IANA database.");
        }
        if (CheckCreator(draft.Creator, "creator") is { } creator)
        {
            return creator;
        }
        if (draft.Managers.Count > MaximumManagers || draft.Managers.Any(manager => !IdRange.IsValid(manager)))
        {
            return Refusal.Invalid("managers", "At most 1,000 user ids, each 1 to 2^53 - 1.");
        }
        return draft.LifetimeDays is < 1 or > MaximumLifetimeDays
            ? Refusal.Invalid("lifetimeDays", "A lifetime is 1 to 36,500 days.")
            : null;
    }

    public static Refusal? CheckCreator(Creator creator, string field) =>
        !Enum.IsDefined(creator.Type) || creator.Id < 0 || creator.Id > IdRange.Largest
            || (creator.Name is not null && !TextRules.IsName(creator.Name))
            ? Refusal.Invalid(field, "A creator has a type User or Group, an id of 0 to 2^53 - 1, and a name of 1 to 255 characters.")
            : null;

    public static string DefaultKey(long id) => id.ToString(CultureInfo.InvariantCulture);
}
