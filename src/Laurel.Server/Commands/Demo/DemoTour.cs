using Laurel.Core;
using Laurel.Core.Access;
using Laurel.Core.Actions;
using Laurel.Core.Awards;

namespace Laurel.Server.Commands.Demo;

/// <summary>What the tour in README.md asks for, the same in every demo: each dialect's call finds what it names.</summary>
internal sealed class DemoTour(LaurelCore core)
{
    /// <summary>How many of the demo's awards are made here.</summary>
    public const int Awards = 4;

    /// <summary>Who is awarded: Ada.</summary>
    public const long UserId = 1;

    /// <summary>Who awards for actions, by password.</summary>
    public const long ModeratorId = 2;

    public const string ModeratorName = "answerhub";

    /// <summary>What Ada did, and was not awarded for yet.</summary>
    public const long ActionId = 1125;

    private const long RewardId = 1;
    private const long Points = 1000;

    private static readonly Caller Ada = new(0, UserId, IsAdministrator: false, Scopes: null);

    /// <summary>Whether chance leaves the badge to the tour: Ada is to earn the first badge of all, and holds her first reward.</summary>
    public static bool Owns(DemoUser user, DemoBadge badge) =>
        user.Id == UserId && (badge.Id == FirstBadge(AwardSource.Roblox) || badge.Id == FirstBadge(AwardSource.AISquare));

    /// <param name="moderator">Stored already, without a password.</param>
    /// <param name="password">Null for none.</param>
    public async Task Make(DemoUser moderator, string? password)
    {
        if (password is not null)
        {
            DemoMaker.Need(await core.Users.Put(moderator.Id, moderator.Draft, password, createOnly: false));
        }
        await AnswerHub();
        await Perfumer();
        await AISquare();
    }

    private async Task AnswerHub() =>
        DemoMaker.Need(await core.Actions.Record(new ActionDraft("edit", UserId) { Id = ActionId, Subject = "node:10017" }));

    // Counted in the example of docs/dialects/perfumer.md.
    private async Task Perfumer()
    {
        foreach (var (name, payload) in new[] { ("profile/1", """{"foo":"bar"}"""), ("profile/2", null), ("profile/2", null) })
        {
            DemoMaker.Need(await core.Collections.Post("my_collection1", "1", name, payload, DemoMaker.Administrator, CancellationToken.None));
        }
    }

    private async Task AISquare()
    {
        var reward = new AwardRequest(UserId, FirstBadge(AwardSource.AISquare), AwardSource.AISquare);
        DemoMaker.Need(await core.Points.Add(UserId, Points, "Welcome", DemoMaker.Administrator));
        DemoMaker.Need((await core.Awarding.Import(RewardId, reward, claim: null, DemoMaker.Administrator, CancellationToken.None)).Refusal);
        DemoMaker.Need((await core.Rewarding.Claim(UserId, RewardId, Ada, CancellationToken.None)).Refusal);
    }

    private static long FirstBadge(AwardSource source) => DemoCatalogue.Issuers.First(issuer => issuer.Source == source).FirstBadge;
}
