using Laurel.Core;
using Laurel.Core.Actions;
using Laurel.Core.Awards;
using Laurel.Core.Rules;

namespace Laurel.Server.Native;

/// <summary>Why a user has a badge, or has not: for who manages its issuer, administrators and services.</summary>
internal static class ExplanationEndpoint
{
    public static void MapExplanations(this IEndpointRouteBuilder native) => native.Get("/users/{userId}/badges/{badgeId}/explanation", Get);

    private static async Task<NativeAnswer> Get(NativeCall call)
    {
        var (userId, badgeId) = (call.Id("userId"), call.Id("badgeId"));
        if ((await call.Core.Explanations.Make(userId, badgeId, call.Caller)).Succeeded(out var explanation, out var refusal))
        {
            var awards = await AwardJson.From(call, [.. explanation.Awards.Select(each => each.Award)]);
            return NativeAnswer.Ok(ExplanationJson.From(explanation, awards), NativeJson.Strict.ExplanationJson);
        }
        return refusal.Code == RefusalCode.UnknownBadge ? NativeProblem.NotFound(refusal.Code, refusal.Message) : NativeProblem.OfPath(refusal);
    }
}

internal sealed record ExplanationJson(
    long UserId, long BadgeId, IReadOnlyList<ExplainedAwardJson> Awards, IReadOnlyList<ExplainedRemovalJson> Removals, IReadOnlyList<ExplainedRuleJson> Rules)
{
    /// <param name="explanation">What is told.</param>
    /// <param name="awards">Its awards, as the caller may see them.</param>
    public static ExplanationJson From(Explanation explanation, IReadOnlyList<AwardJson> awards) => new(
        explanation.UserId, explanation.BadgeId,
        [.. explanation.Awards.Zip(awards, (explained, award) => new ExplainedAwardJson(award, CountedActionJson.Of(explained.Action)))],
        [.. explanation.Removals.Select(ExplainedRemovalJson.From)], [.. explanation.Rules.Select(ExplainedRuleJson.From)]);
}

/// <summary>An award, and the action that tipped it as far as that is still recorded.</summary>
internal sealed record ExplainedAwardJson(AwardJson Award, CountedActionJson? Action);

/// <summary>An action without its properties, which are for who may read actions.</summary>
internal sealed record CountedActionJson(long Id, string Type, long UserId, string? Subject, Timestamp OccurredAt, Timestamp RecordedAt)
{
    public static CountedActionJson From(RecordedAction action) =>
        new(action.Id, action.Type, action.UserId, action.Subject, new(action.OccurredAt), new(action.RecordedAt));

    public static CountedActionJson? Of(RecordedAction? action) => action is null ? null : From(action);
}

/// <summary>An award that was removed; <paramref name="IsLifted"/>: a manual award has set that aside.</summary>
internal sealed record ExplainedRemovalJson(
    long AwardId, string Occasion, Timestamp AwardedAt, string Kind, Timestamp RemovedAt, long? RemovedBy, string? Reason, bool IsLifted)
{
    public static ExplainedRemovalJson From(ExplainedRemoval removal) => new(
        removal.AwardId, removal.Occasion, new(removal.AwardedAt), Word(removal.Kind), new(removal.RemovedAt), removal.RemovedBy, removal.Reason,
        removal.IsLifted);

    private static string Word(RemovalKind kind) => kind switch
    {
        RemovalKind.Corrected => "corrected",
        RemovalKind.Reset => "reset",
        RemovalKind.Revoke => "revoke",
    };
}

/// <summary>What a rule says of it.</summary>
internal sealed record ExplainedRuleJson(
    long RuleId, string RuleKey, long Revision, string Verdict, decimal Count, decimal Target, ExplainedActionsJson Actions, IReadOnlyList<CountedActionJson> LastCounted)
{
    public static ExplainedRuleJson From(ExplainedRule rule) => new(
        rule.RuleId, rule.RuleKey, rule.Revision, Word(rule.Verdict), TargetJson.Plain(rule.Count), TargetJson.Plain(rule.Target),
        ExplainedActionsJson.From(rule.Actions), [.. rule.Last.Select(CountedActionJson.From)]);

    private static string Word(RuleVerdict verdict) => verdict switch
    {
        RuleVerdict.Awarded => "awarded",
        RuleVerdict.HeldByAnother => "heldByAnother",
        RuleVerdict.Removed => "removed",
        RuleVerdict.RuleDisabled => "ruleDisabled",
        RuleVerdict.BadgeDisabled => "badgeDisabled",
        RuleVerdict.AllSeatsTaken => "allSeatsTaken",
        RuleVerdict.AwaitsBackfill => "awaitsBackfill",
        RuleVerdict.NotValidNow => "notValidNow",
        RuleVerdict.CountMissing => "countMissing",
    };
}

/// <summary>The recorded actions of its types, each counted in the first of these that is true of it.</summary>
internal sealed record ExplainedActionsJson(int NotTheirs, int TooLate, int TooEarly, int OutsideValidity, int NotMatching, int Counted)
{
    public static ExplainedActionsJson From(ExplainedActions actions) =>
        new(actions.NotTheirs, actions.TooLate, actions.TooEarly, actions.OutsideValidity, actions.NotMatching, actions.Counted);
}
