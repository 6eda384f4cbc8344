using System.Text;
using System.Text.Json;
using Laurel.Core.Actions;

namespace Laurel.Core.Rules.Filters;

/// <summary>One action as filters read it. Its properties are parsed at most once, however many filters ask, and not at all if
/// none does. For one thread at a time.</summary>
public sealed class ActionFacts(RecordedAction action)
{
    private byte[]? type;
    private byte[]? subject;
    private JsonElement? properties;

    internal ReadOnlySpan<byte> Type => type ??= Encoding.UTF8.GetBytes(action.Type);

    internal bool HasSubject => action.Subject is not null;

    /// <summary>Empty without a subject.</summary>
    internal ReadOnlySpan<byte> Subject => subject ??= Encoding.UTF8.GetBytes(action.Subject ?? "");

    internal long UserId => action.UserId;

    /// <summary>An object; undefined where the action has no properties.</summary>
    internal JsonElement Properties => properties ??= action.Properties is null ? default : JsonElement.Parse(action.Properties);
}
