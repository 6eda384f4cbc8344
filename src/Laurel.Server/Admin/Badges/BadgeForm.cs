using Laurel.Core;
using Laurel.Core.Badges;
using Laurel.Server.Native;

namespace Laurel.Server.Admin;

/// <summary>A badge's definition as its form sends it: the fields of the native API's body, each under a name of its own.</summary>
internal static class BadgeForm
{
    /// <summary>Sent for each language that the form has fields for.</summary>
    public const string Locale = "locale";

    /// <summary>The language that is to have fields too.</summary>
    public const string NewLocale = "newLocale";

    /// <summary>Sent by the button that adds a language instead of saving.</summary>
    public const string Add = "add";

    private const string PerPeriod = "perPeriod";

    // What the core calls otherwise than the form.
    private static readonly Dictionary<string, string> Fields = new()
    {
        ["creator"] = "creatorId",
        ["creator.type"] = "creatorType",
        ["recurrence.anchor"] = "anchor",
        ["texts"] = AdminForm.Whole,
    };

    /// <summary>The languages to have fields for: those of the pages, the badge's, and those that were added.</summary>
    public static IReadOnlyList<string> Locales(AdminCall call, Badge? badge)
    {
        var sent = call.Form.All(Locale).Where(LocaleTag.IsWellFormed).Append(Added(call)).OfType<string>();
        IEnumerable<string> own = badge is null ? [] : badge.Texts.Keys.Order(StringComparer.Ordinal);
        return [.. Pages.Language.All.Select(language => language.Tag).Concat(own).Concat(sent).Distinct()];
    }

    private static string? Added(AdminCall call) => LocaleTag.TryCanonicalize(call.Form[NewLocale], out var locale) ? locale : null;

    /// <summary>Whether the form wants fields for another language, and nothing saved.</summary>
    public static bool Adds(AdminCall call)
    {
        if (!call.Form.IsChecked(Add))
        {
            return false;
        }
        if (Added(call) is null)
        {
            call.Form.Wrong(NewLocale, call.Reader["admin.badges.newLocale.wrong"]);
        }
        return true;
    }

    /// <summary>A level as the form names it; none is empty.</summary>
    public static string Word(BadgeLevel level) => BadgeBody.Word(level) ?? "";

    /// <summary>A recurrence as the form names it.</summary>
    public static string Word(Core.Awards.Recurrence recurrence) => RecurrenceJson.From(recurrence).Name ?? PerPeriod;

    public static string Word(Core.Awards.PeriodUnit unit) => PeriodUnits.Word(unit);

    /// <summary>A time as the form holds it; nothing for none.</summary>
    /// <param name="micros">Microseconds since 1970 UTC.</param>
    public static string Word(long? micros) => Timestamp.Of(micros)?.ToString() ?? "";

    /// <summary>What was sent; null, and the form says why, where it is no definition.</summary>
    /// <param name="standing">The badge as it is: what is frozen is not sent.</param>
    public static BadgeDraft? Read(AdminCall call, Badge? standing)
    {
        var form = call.Form;
        var source = form.Text("sourceLocale") ?? "en";
        var body = new BadgeBody
        {
            IssuerId = form.Id("issuerId", call) ?? standing?.IssuerId ?? 0,
            Key = form.Text("key"),
            Enabled = form.IsChecked("enabled"),
            Creator = new() { Type = form.Text("creatorType") ?? "User", Id = form.Id("creatorId", call) ?? 0 },
            SourceLocale = source,
            Texts = Texts(call, standing),
            Recurrence = form.Text("recurrence") is { } recurrence ? Recurrence(call, recurrence) : RecurrenceJson.From(standing?.Recurrence ?? new Core.Awards.Recurrence.Once()),
            Target = form.Number("target", call),
            Recognises = [.. form.Lines("recognises").Select(line => line.Trim()).Where(line => line.Length > 0)],
            IconImageId = form.Number("iconImageId", call) ?? 0,
            AwardAssetIds = form.Ids("awardAssetIds", call),
            Rarity = Small(call, "rarity", (int)Rarity.Common),
            Level = form.Text("level"),
            Cost = form.Number("cost", call) ?? 0,
            Claimable = form.IsChecked("claimable"),
            HiddenUntilClaimed = form.IsChecked("hiddenUntilClaimed"),
            IsActive = form.IsChecked("isActive"),
            CreatedBy = form.Text("createdBy"),
            UpdatedBy = form.Text("updatedBy"),
            DeletedBy = form.Text("deletedBy"),
            CreatedAt = Time(call, "createdAt") ?? Timestamp.Of(standing?.CreatedAt),
            DeletedAt = Timestamp.Of(standing?.DeletedAt),
        };
        if (form.Text("uid") is { } uid)
        {
            body.Uid = uid;
        }
        if (!body.ToDraft().Succeeded(out var draft, out var refusal))
        {
            Refused(call, refusal);
        }
        return form.HasErrors ? null : draft;
    }

    /// <summary>Takes the core's refusal of what was sent.</summary>
    /// <returns>Whether it was refused because somebody else was faster.</returns>
    public static bool Refused(AdminCall call, Refusal refusal)
    {
        if (AdminRefusals.IsOfAnother(refusal))
        {
            call.Form.Wrong(AdminForm.Whole, call.Reader["admin.badges.changed"]);
            return true;
        }
        call.Refused(refusal.Field?.EndsWith(".lines", StringComparison.Ordinal) == true ? refusal with { Field = $"{refusal.Field}.never" } : refusal, Fields);
        return false;
    }

    // A language without a single text is left out; of one with some, the core says what is missing.
    private static Dictionary<string, TextJson> Texts(AdminCall call, Badge? standing)
    {
        var texts = new Dictionary<string, TextJson>();
        foreach (var locale in Locales(call, standing))
        {
            var (name, lines) = (call.Form[$"texts.{locale}.name"], Lines(call, locale));
            var description = call.Form.Text($"texts.{locale}.description")?.ReplaceLineEndings("\n");
            var icon = call.Form.Number($"texts.{locale}.iconImageId", call) ?? 0;
            if (name.Length > 0 || description is not null || lines is not null || icon != 0)
            {
                // An empty description says that there is nothing to say; none lets the source's stand.
                var isEmpty = standing?.Texts.GetValueOrDefault(locale)?.Description is "";
                texts[locale] = new() { Name = name, Description = description ?? (isEmpty ? "" : null), Lines = lines, IconImageId = icon };
            }
        }
        return texts;
    }

    private static LinesJson? Lines(AdminCall call, string locale)
    {
        var lines = new LinesJson
        {
            Never = call.Form.Lines($"texts.{locale}.lines.never"),
            Held = call.Form.Lines($"texts.{locale}.lines.held"),
            Again = call.Form.Lines($"texts.{locale}.lines.again"),
        };
        return lines.Never.Count + lines.Held.Count + lines.Again.Count > 0 ? lines : null;
    }

    private static RecurrenceJson Recurrence(AdminCall call, string name) => name != PerPeriod ? new(name, null) : new(null, new()
    {
        Every = Small(call, "every", 1),
        Unit = call.Form["unit"],
        Anchor = call.Form["anchor"],
    });

    private static int Small(AdminCall call, string name, int otherwise) =>
        (int)Math.Clamp(call.Form.Number(name, call) ?? otherwise, int.MinValue, int.MaxValue);

    private static Timestamp? Time(AdminCall call, string name)
    {
        if (call.Form.Text(name) is not { } text)
        {
            return null;
        }
        if (Timestamp.TryParse(text, out var time))
        {
            return time;
        }
        call.Form.Wrong(name, call.Reader["admin.badges.createdAt.wrong"]);
        return null;
    }
}
