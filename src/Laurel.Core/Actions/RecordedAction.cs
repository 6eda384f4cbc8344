using System.Text;
using System.Text.Json;

namespace Laurel.Core.Actions;

/// <summary>Something a user did. Recorded once, and never changed. Times in microseconds since 1970 UTC.</summary>
/// <param name="Subject">What it is about, such as a post; at most 512 bytes of UTF-8.</param>
/// <param name="Properties">A JSON object, as text; null for an empty one.</param>
public sealed record RecordedAction(
    long Id, string Type, long UserId, string? Subject, long OccurredAt, long RecordedAt, string? Properties);

/// <summary>What a caller tells of an action.</summary>
public sealed record ActionDraft(string Type, long UserId)
{
    /// <summary>Its own id, which makes recording it twice harmless; null: one is drawn.</summary>
    public long? Id { get; init; }

    /// <inheritdoc cref="RecordedAction" path="/param[@name='Subject']"/>
    public string? Subject { get; init; }

    /// <summary>By default now; never in the future.</summary>
    public long? OccurredAt { get; init; }

    /// <summary>A JSON object of at most 16 KiB, nested at most 16 deep.</summary>
    public string? Properties { get; init; }

    internal Refusal? Check(long now)
    {
        if (Subject is not null && !TextRules.IsSubject(Subject))
        {
            return Refusal.Invalid("subject", "A subject has 1 to 512 bytes of UTF-8.");
        }
        if (OccurredAt < 0 || OccurredAt > now)
        {
            return Refusal.Invalid("occurredAt", "An action happened between 1970 and now.");
        }
        return Properties is not null && !(TextRules.IsStorable(Properties) && TextRules.IsPayloadObject(Encoding.UTF8.GetBytes(Properties)))
            ? Refusal.Invalid("properties", "Properties are a JSON object of at most 16 KiB, nested at most 16 deep.")
            : null;
    }

    /// <summary>Whether it tells what is recorded: the same action, sent again. A time that is not told is no difference.</summary>
    internal bool IsSame(RecordedAction recorded) =>
        Type == recorded.Type && UserId == recorded.UserId && Subject == recorded.Subject
        && (OccurredAt is null || OccurredAt == recorded.OccurredAt)
        && JsonElement.DeepEquals(JsonElement.Parse(Properties ?? "{}"), JsonElement.Parse(recorded.Properties ?? "{}"));

    internal RecordedAction At(long id, long now) => new(id, Type, UserId, Subject, OccurredAt ?? now, now, Properties);
}
