using System.Text;
using Laurel.Server;
using Laurel.Tests.Harness;
using Microsoft.AspNetCore.Builder;
using Xunit;

namespace Laurel.Tests.Dialects.AISquare;

/// <summary>A studio (issuer 100, of user 9), its rewards, and a user who has some. Made through the native API.</summary>
internal static class AISquareBed
{
    public const string Root = "/laurel/v1";

    /// <summary>The reward's user: has <see cref="Gift"/> under award 1, imported and claimed; <see cref="Surprise"/> under award 2,
    /// unclaimed; <see cref="Plain"/> under award 3.</summary>
    public const long Ada = 1;

    public const long Bob = 2;
    public const long Gift = 10;
    public const long Surprise = 11;
    public const long Plain = 12;

    public static readonly DateTimeOffset Today = new(2026, 11, 22, 8, 30, 0, TimeSpan.Zero);

    public static async Task<TestServer> Start(
        Engine engine = Engine.Sqlite, Func<ServerOptions, ServerOptions>? with = null, Action<WebApplication>? map = null)
    {
        var laurel = await TestServer.Start(engine, new ManualTime(Today), with, map);
        await Put(laurel, "users/1", """
            {"username":"ada","fullName":"Ada L.","email":"ada@example.com","isVerified":true,"followersCount":42,
             "profile":{"profilePicture":"https://example.com/ada.png","bio":"Counts.","country":null,"phone":"+44 1","linkedinUrl":null,
             "githubUrl":"https://example.com/ada","twitterUrl":null,"websiteUrl":null,"topDomainElo":1512.5,"topDomainRank":3}}
            """);
        await Put(laurel, "users/2", """{"key":"bob"}""");
        await Put(laurel, "users/9", "{}");
        await Put(laurel, "issuers/100", """{"key":"studio","name":"Studio","creator":{"type":"User","id":9}}""");
        await Put(laurel, "issuers/200", """{"key":"elsewhere","name":"Elsewhere"}""");
        await Put(laurel, $"badges/{Gift}", """
            {"issuerId":100,"key":"gift","texts":{"en":{"name":"Early Bird","description":"Was here first."},"ar":{"name":"الطائر المبكر"}},"rarity":3,"cost":25,
             "claimable":true,"uid":"0F8FAD5B-D9CB-469F-A165-70867728950E","createdAt":"2024-01-02T03:04:05.678901Z","updatedAt":"2024-02-03T04:05:06Z",
             "createdBy":"studio","updatedBy":"ann"}
            """);
        await Put(laurel, $"badges/{Surprise}", """
            {"issuerId":100,"texts":{"en":{"name":"Golden Goose","description":"Lays eggs."}},"cost":5,"claimable":true,"hiddenUntilClaimed":true}
            """);
        await Put(laurel, $"badges/{Plain}", """{"issuerId":100,"texts":{"en":{"name":"Plain"}}}""");
        await Put(laurel, "badges/20", """{"issuerId":200,"texts":{"en":{"name":"Foreign"}}}""");
        await Put(laurel, "users/1/awards/1", $$"""
            {"badgeId":{{Gift}},"awardedAt":"2024-03-04T05:06:07.000008Z","uid":"7c9e6679-7425-40de-944b-e07fc1f90ae7","isClaimed":true,
             "claimedOn":"2024-03-05T00:00:00Z","isBadged":false}
            """);
        await Put(laurel, "users/1/awards/2", $$"""{"badgeId":{{Surprise}}}""");
        await Put(laurel, "users/1/awards/3", $$"""{"badgeId":{{Plain}},"awardedAt":"2024-03-04T00:00:00Z"}""");
        await Put(laurel, "users/1/awards/4", """{"badgeId":20}""");
        await Put(laurel, "users/2/awards/5", $$"""{"badgeId":{{Plain}}}""");
        return laurel;
    }

    private static async Task Put(TestServer laurel, string path, string body) => (await laurel.Put($"{Root}/{path}", body)).Is(201);

    public static Task<Answer> Patch(this TestServer laurel, object id, string? body = "{}", string? key = null, params (string, string)[] headers) =>
        laurel.Send(HttpMethod.Patch, $"/api/v1/rewards/{id}/badge/", body, key, headers);

    public static Task<Answer> Patch(this TestServer laurel, object id, byte[] body, string? type, string? key)
    {
        var content = new ByteArrayContent(body);
        if (type is not null)
        {
            content.Headers.TryAddWithoutValidation("Content-Type", type);
        }
        return laurel.Send(HttpMethod.Patch, $"/api/v1/rewards/{id}/badge/", content, key);
    }

    public static Task<Answer> Patch(this TestServer laurel, object id, string body, string? type, string? key) => laurel.Patch(id, Encoding.UTF8.GetBytes(body), type, key);

    /// <summary>An error, in exactly this form.</summary>
    public static Answer IsError(this Answer answer, int status, string body)
    {
        answer.Is(status);
        Assert.Equal(body, answer.Body);
        Assert.Equal("application/json", answer.ContentType);
        return answer;
    }
}
