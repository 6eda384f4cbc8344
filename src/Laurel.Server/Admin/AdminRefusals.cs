using Laurel.Core;
using Laurel.Server.Pages;

namespace Laurel.Server.Admin;

/// <summary>The core's refusals in the reader's language.</summary>
internal static class AdminRefusals
{
    /// <summary>What is refused, by its kind; in English with what the core says of it, which is in no other language.</summary>
    public static string Say(Reader reader, Refusal refusal)
    {
        var kind = reader[$"admin.refused.{refusal.Code}"];
        return reader.Language == Language.English && refusal.Code is RefusalCode.Invalid or RefusalCode.InvalidFilter or RefusalCode.InvalidImage or RefusalCode.RecurrenceInUse
            ? refusal.Message
            : reader.Language == Language.English ? kind : $"{kind} {PlainText.Isolated(refusal.Message)}";
    }

    /// <summary>Whether somebody else has changed it since <see cref="AdminForm.AsOf"/>.</summary>
    public static bool IsOfAnother(Refusal refusal) => refusal is { Code: RefusalCode.Invalid, Field: "updatedAt" or "revision" };
}
