using Laurel.Core.Rules;

namespace Laurel.Server.Admin.Rules;

/// <summary>What the page of a rule shows.</summary>
/// <param name="Rule">Null for one that is yet to be.</param>
public sealed record RuleView(Rule? Rule)
{
    /// <summary>As the form holds it; null where it cannot.</summary>
    public IReadOnlyDictionary<string, string>? Fields { get; init; }

    /// <summary>As the native API tells it.</summary>
    public string Json { get; init; } = "";

    /// <summary>Whether the JSON is what is edited.</summary>
    public bool IsRaw { get; init; }

    /// <summary>The revision that what is sent is meant to replace.</summary>
    public long? AsOf { get; init; }

    /// <summary>Whether it may be written whatever its badges are: there is none yet, or somebody has tried.</summary>
    public bool MayWrite { get; init; }

    public RuleWatch? Watch { get; init; }

    /// <summary>The latest first.</summary>
    public IReadOnlyList<ViewedRevision> Revisions { get; init; } = [];

    /// <summary>What was sent to be tried.</summary>
    public RuleDraft? Tried { get; init; }

    /// <summary>What it would do.</summary>
    public RulePreview? Preview { get; init; }

    public UnreadableText? Unreadable { get; init; }
}

/// <summary>A revision, as JSON.</summary>
/// <param name="At">In microseconds since 1970 UTC.</param>
public sealed record ViewedRevision(long Number, long At, long? By, string Json);

/// <summary>A filter, or a path, and where it stops being readable: in UTF-16 units, from 0.</summary>
public sealed record UnreadableText(string Text, int Position);
