using System.CommandLine;
using System.Globalization;
using Laurel.Core;
using Laurel.Core.Access;

namespace Laurel.Server.Commands;

/// <summary><c>laurel key create</c>: makes a key and shows its secret this once. A server on the same database honours it at once.</summary>
internal static class KeyCommand
{
    private static readonly Option<bool> Admin = new("--admin") { Description = "May do everything." };

    private static readonly Option<long?> User = new("--user") { Description = "Whose key it is; it may do what the user may.", HelpName = "id" };

    private static readonly Option<string[]> ScopeList = new("--scopes")
    {
        Description = $"Limits it to: {string.Join(", ", Scopes.All)}. A key of nobody needs them.",
        HelpName = "a,b",
        AllowMultipleArgumentsPerToken = true,
    };

    private static readonly Option<string?> Expires = new("--expires")
    {
        Description = "A day or an instant, in UTC unless it says otherwise; by default never.",
        HelpName = "2027-01-01",
    };

    public static Command MakeCreate()
    {
        var create = new Command("create", "Make a key and show its secret, this once.") { Admin, User, ScopeList, Expires };
        create.SetAction((line, _) => Create(line));
        return create;
    }

    private static async Task<int> Create(ParseResult line)
    {
        var draft = new KeyDraft(line.GetValue(User), ScopesOf(line), ExpiryOf(line.GetValue(Expires)), line.GetValue(Admin));
        await using var core = await Settings.Read().Open(line);
        if (!(await core.Keys.Create(draft)).Succeeded(out var key, out var refusal))
        {
            throw refusal.Code == RefusalCode.Invalid ? new UsageException(refusal.Message) : new CommandFailedException(refusal.Message);
        }
        var output = line.InvocationConfiguration.Output;
        if (line.GetValue(CommonOptions.Json))
        {
            var info = key.Info;
            CommandJson.Write(output, new KeyJson(info.Id, key.Secret, info.UserId, info.Scopes, info.IsAdministrator,
                Clock.ToTime(info.CreatedAt), info.ExpiresAt is { } at ? Clock.ToTime(at) : null), CommandJson.Default.KeyJson);
        }
        else
        {
            await output.WriteLineAsync(key.Secret);
        }
        return ExitCodes.Ok;
    }

    private static string[]? ScopesOf(ParseResult line) => line.GetValue(ScopeList) is { Length: > 0 } given
        ? [.. given.SelectMany(each => each.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))]
        : null;

    private static long? ExpiryOf(string? text) => text is null ? null
        : DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? Clock.FromTime(time)
        : throw new UsageException("--expires is a day like 2027-01-01, or an instant like 2027-01-01T12:00:00Z.");
}
