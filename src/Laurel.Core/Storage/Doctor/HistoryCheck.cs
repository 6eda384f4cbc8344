namespace Laurel.Core.Storage;

/// <summary>A removed award does not stand. Ids that a caller chose may come again after a removal, and a correction puts an award
/// again under its own id; only what was handed out and not corrected is judged.</summary>
internal static class HistoryCheck
{
    private const string Removed = """
        SELECT h.user_id, h.badge_id, h.award_id, CASE WHEN a.id IS NULL OR h.reason = 'replaced' THEN 0 ELSE 1 END
        FROM award_history h LEFT JOIN awards a
          ON a.user_id = h.user_id AND a.badge_id = h.badge_id AND a.occasion = h.occasion AND a.id = h.award_id
        WHERE h.user_id > $1 AND h.user_id <= $2
        """;

    public static Task Run(Examination examination) => examination.InSlices("award_history", "user_id", async (session, from, to) =>
    {
        var rows = session.Prepare(Removed).Set(1, from).Set(2, to);
        while (await rows.Read())
        {
            var award = rows.Long(2);
            examination.SawAwardId(award);
            if (rows.Long(3) != 0 && IdRange.IsHandedOut(IdKind.Award, award))
            {
                examination.Found(FindingKind.StandingAndRemoved, $"award {award} of badge {rows.Long(1)} to user {rows.Long(0)}",
                    "standing or removed", "both");
            }
        }
    });
}
