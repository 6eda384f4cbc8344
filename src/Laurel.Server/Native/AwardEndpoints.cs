using System.Buffers.Binary;
using Laurel.Core;
using Laurel.Core.Awards;

namespace Laurel.Server.Native;

/// <summary>Awarding, removing, and who holds what. Wire types: AwardJson.cs</summary>
internal static class AwardEndpoints
{
    private const int PositionLength = 2 * sizeof(long);

    public static void MapAwards(this IEndpointRouteBuilder native)
    {
        native.Post("/awards", Award);
        native.Get("/users/{userId}/awards", ListOfUser);
        native.Get("/users/{userId}/awards/{id}", Get);
        native.Put("/users/{userId}/awards/{id}", Put);
        native.Delete("/users/{userId}/awards/{id}", Remove);
        native.Get("/badges/{badgeId}/awards", ListOfBadge);
    }

    private static async Task<NativeAnswer> Award(NativeCall call)
    {
        var body = await call.Body(NativeJson.Strict.AwardBody);
        return await Told(call, await call.Core.Awarding.Award(body.ToRequest(), call.Caller, bulk: false, call.Aborted));
    }

    private static async Task<NativeAnswer> Put(NativeCall call)
    {
        var (userId, id) = (call.Id("userId"), call.Id());
        var body = await call.Body(NativeJson.Strict.PlacedAwardBody);
        if (body.UserId is { } named && named != userId)
        {
            return NativeProblem.Of(Refusal.Invalid("userId", "The path names another user."));
        }
        if (body.ToClaim() is { } claim && Awarding.Check(claim) is { } invalid)
        {
            return NativeProblem.Of(invalid);
        }
        if (call.CreateOnly && await call.Core.UserAwards.Find(userId, id) is not null)
        {
            return NativeProblem.Of(new Refusal(RefusalCode.AlreadyExists, "The user has an award with this id."));
        }
        var outcome = await call.Core.Awarding.Import(id, body.ToRequest(userId), body.ToClaim(), call.Caller, call.Aborted);
        return outcome.Refusal == AwardRefusal.UnknownUser ? UnknownUser : await Told(call, outcome);
    }

    private static async Task<NativeAnswer> Told(NativeCall call, AwardOutcome outcome) => outcome.Refusal is { } refusal
        ? NativeProblem.Of(refusal)
        : NativeAnswer.Stored(
            outcome.Created,
            new AwardAnswerJson(outcome.Award is { } award ? (await AwardJson.From(call, [award]))[0] : null, outcome.Created),
            NativeJson.Strict.AwardAnswerJson);

    private static async Task<NativeAnswer> Get(NativeCall call) =>
        await call.Core.UserAwards.Find(call.Id("userId"), call.Id()) is { } award
            ? NativeAnswer.Ok((await AwardJson.From(call, [award]))[0], NativeJson.Strict.AwardJson)
            : NativeProblem.NotFound(RefusalCode.UnknownAward, "The user has no award with this id.");

    private static async Task<NativeAnswer> Remove(NativeCall call)
    {
        var (userId, id) = (call.Id("userId"), call.Id());
        var kind = KindOf(call.Query("kind")) ?? throw new InvalidParameterException("kind", "A kind is reset or revoke.");
        return (await call.Core.Awarding.Remove(call.Caller, userId, id, kind, call.Query("reason"), call.Aborted)).Succeeded(out _, out var refusal)
            ? NativeAnswer.NoContent
            : NativeProblem.Of(refusal);
    }

    private static RemovalKind? KindOf(string? word) => word switch
    {
        null or "reset" => RemovalKind.Reset,
        "revoke" => RemovalKind.Revoke,
        _ => null,
    };

    private static async Task<NativeAnswer> ListOfUser(NativeCall call)
    {
        var userId = call.Id("userId");
        if (!await call.Core.Users.Exists(userId))
        {
            return UnknownUser;
        }
        var list = $"native awards of user {userId}";
        var limit = call.Limit();
        var awards = await call.Core.UserAwards.List(userId, After(call.Cursor(list)), limit + 1);
        var page = awards.Take(limit).ToList();
        return await Page(call, page, awards.Count > limit ? call.Seal(Bytes(new Position(page[^1].AwardedAt, page[^1].Id)), list) : null);
    }

    /// <summary>By user, then occasion. The ledger is walked through, so a page may be short, even empty, and not the last.</summary>
    private static async Task<NativeAnswer> ListOfBadge(NativeCall call)
    {
        var badgeId = call.Id("badgeId");
        if (await call.Core.Badges.Find(badgeId) is null)
        {
            return NativeProblem.NotFound(RefusalCode.UnknownBadge, "No badge has this id.");
        }
        var list = $"native awards of badge {badgeId}";
        var (awards, next) = await call.Core.Holders.List(
            badgeId, call.Cursor(list) is { } cursor ? AwardKey.Read(cursor) : null, call.Limit());
        return await Page(call, await call.Core.UserAwards.Complete(awards), next is { } key ? call.Seal(key.ToBytes(), list) : null);
    }

    private static async Task<NativeAnswer> Page(NativeCall call, IReadOnlyList<Award> awards, string? next) =>
        NativeAnswer.Ok(new PageJson<AwardJson>(await AwardJson.From(call, awards), next), NativeJson.Strict.AwardPage);

    private static NativeAnswer UnknownUser => NativeProblem.NotFound(RefusalCode.UnknownUser, "No user has this id.");

    private static Position After(byte[]? cursor) => cursor is null
        ? Position.First
        : new(BinaryPrimitives.ReadInt64BigEndian(cursor), BinaryPrimitives.ReadInt64BigEndian(cursor.AsSpan(sizeof(long))));

    private static byte[] Bytes(Position position)
    {
        var bytes = new byte[PositionLength];
        BinaryPrimitives.WriteInt64BigEndian(bytes, position.At);
        BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(sizeof(long)), position.Id);
        return bytes;
    }
}
