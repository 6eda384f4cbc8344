using System.Globalization;
using System.Text;
using System.Text.Json;
using Laurel.Core;
using Laurel.Core.Badges;
using Laurel.Core.Rules;
using Laurel.Server.Http;

namespace Laurel.Server.Native;

/// <summary>A rule as files hold it: what is PUT, and its id if it has one.</summary>
internal sealed class FiledRule : RuleBody
{
    public long? Id { get; set; }
}

/// <summary>Rules in a file: one, or an array. A badge may be named by <c>"badge":"issuerKey/badgeKey"</c> instead of a badgeId, and by
/// that text among those that are held, so that the file means the same wherever the keys do.</summary>
internal static class RuleFile
{
    private static readonly byte[] ByteOrderMark = [0xef, 0xbb, 0xbf];

    // Where a file names a badge: a member of that name, or an element of holding.
    private readonly record struct Naming(int Start, int End, string Badge, bool IsMember);

    /// <summary>What it holds; refused for a badge that nobody knows, or a rule whose members do not go together.</summary>
    /// <exception cref="BadRequestException">It is not JSON of that form.</exception>
    public static async Task<Outcome<List<RuleEntry>>> Read(byte[] file, BadgeCatalogue badges)
    {
        var json = file.AsSpan().StartsWith(ByteOrderMark) ? file[ByteOrderMark.Length..] : file;
        Bodies.CheckTexts(json);
        if (!(await Resolve(json, badges)).Succeeded(out var resolved, out var refusal))
        {
            return refusal;
        }
        var rules = Batch.IsArray(resolved)
            ? Bodies.Parse(resolved, NativeJson.Strict.FiledRuleArray)
            : [Bodies.Parse(resolved, NativeJson.Strict.FiledRule)];
        var entries = new List<RuleEntry>(rules.Length);
        foreach (var rule in rules)
        {
            // The serializer lets a null pass as an element.
            if (rule is null)
            {
                throw new BadRequestException("Null where a rule is required.");
            }
            if (!rule.ToDraft().Succeeded(out var draft, out refusal))
            {
                return refusal with { Message = $"{rule.Key}: {refusal.Message}" };
            }
            entries.Add(new RuleEntry(rule.Id, draft));
        }
        return entries;
    }

    // Only the names are replaced: an error still tells its line.
    private static async ValueTask<Outcome<byte[]>> Resolve(byte[] json, BadgeCatalogue badges)
    {
        var resolved = new MemoryStream();
        var copied = 0;
        foreach (var naming in Namings(json))
        {
            if (await badges.FindByName(naming.Badge) is not { } badge)
            {
                return new Refusal(RefusalCode.UnknownBadge, $"No badge is {naming.Badge}: its issuer's key, a slash and its own key.", "badge");
            }
            resolved.Write(json, copied, naming.Start - copied);
            resolved.Write(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{(naming.IsMember ? "\"badgeId\":" : "")}{badge.Id}")));
            copied = naming.End;
        }
        resolved.Write(json, copied, json.Length - copied);
        return resolved.ToArray();
    }

    private static List<Naming> Namings(ReadOnlySpan<byte> json)
    {
        var namings = new List<Naming>();
        var reader = new Utf8JsonReader(json);
        var (member, start, isHeld) = ("", 0, false);
        while (reader.Read())
        {
            switch (reader.TokenType)
            {
                case JsonTokenType.PropertyName:
                    (member, start) = (reader.GetString()!, (int)reader.TokenStartIndex);
                    break;
                case JsonTokenType.StartArray:
                    isHeld = member == "holding";
                    break;
                case JsonTokenType.EndArray:
                    isHeld = false;
                    break;
                case JsonTokenType.String when member == "badge":
                    namings.Add(new(start, (int)reader.BytesConsumed, reader.GetString()!, IsMember: true));
                    break;
                case JsonTokenType.String when isHeld:
                    namings.Add(new((int)reader.TokenStartIndex, (int)reader.BytesConsumed, reader.GetString()!, IsMember: false));
                    break;
            }
            if (reader.TokenType != JsonTokenType.PropertyName)
            {
                member = "";
            }
        }
        return namings;
    }

    /// <summary>The members of a rule in which one differs from another.</summary>
    public static IReadOnlyList<string> Differing(RuleDraft before, RuleDraft after)
    {
        var (was, will) = (Members(before), Members(after));
        return [.. will.EnumerateObject().Where(member => !JsonElement.DeepEquals(member.Value, was.GetProperty(member.Name))).Select(member => member.Name)];
    }

    private static JsonElement Members(RuleDraft draft) => JsonSerializer.SerializeToElement(RuleBody.From(draft), NativeJson.Strict.RuleBody);
}
