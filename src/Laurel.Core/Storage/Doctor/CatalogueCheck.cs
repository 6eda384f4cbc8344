namespace Laurel.Core.Storage;

/// <summary>Every badge has its text in its source locale: without it nothing can show the badge.</summary>
internal static class CatalogueCheck
{
    private const string WithoutText = """
        SELECT id, source_locale FROM badges WHERE id > $1 AND id <= $2
          AND NOT EXISTS (SELECT 1 FROM badge_texts WHERE badge_id = badges.id AND locale = badges.source_locale)
        """;

    public static Task Run(Examination examination) => examination.InSlices("badges", "id", async (session, from, to) =>
    {
        var rows = session.Prepare(WithoutText).Set(1, from).Set(2, to);
        while (await rows.Read())
        {
            examination.Found(FindingKind.BadgeWithoutText, $"badge {rows.Long(0)}", $"a text in {rows.Text(1)}", "none");
        }
    });
}
