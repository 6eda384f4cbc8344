using System.Diagnostics.CodeAnalysis;

namespace Laurel.Core;

/// <summary>What an operation answered: its result, or why it refused. Refusing is not an error of the program, so it is a value.</summary>
public readonly struct Outcome<T>
{
    private readonly T? _value;
    private readonly Refusal? _refusal;

    private Outcome(T? value, Refusal? refusal) => (_value, _refusal) = (value, refusal);

    public bool Succeeded([MaybeNullWhen(false)] out T value, [NotNullWhen(false)] out Refusal? refusal)
    {
        (value, refusal) = (_value, _refusal);
        return refusal is null;
    }

    public Outcome<TOther> Map<TOther>(Func<T, TOther> map) => _refusal is { } refusal ? refusal : map(_value!);

    public static implicit operator Outcome<T>(T value) => new(value, null);

    public static implicit operator Outcome<T>(Refusal refusal) => new(default, refusal);
}

/// <summary>Why a change was refused. <paramref name="Field"/> names the member of the request at fault, if one is;
/// <paramref name="Message"/> is an English sentence for a developer.</summary>
public sealed record Refusal(RefusalCode Code, string Message, string? Field = null)
{
    /// <summary>Where in the field's text, in UTF-16 units from 0, if that can be said.</summary>
    public int? Position { get; init; }

    public static Refusal Invalid(string field, string message) => new(RefusalCode.Invalid, message, field);
}

/// <summary>The kinds of refusal of changes to the catalogue and to access.</summary>
public enum RefusalCode
{
    /// <summary>A value is outside what is allowed.</summary>
    Invalid,

    /// <summary>The id lies in a range that Laurel hands out itself.</summary>
    IdReserved,
    UnknownIssuer,
    UnknownPlace,
    UnknownBadge,
    UnknownUser,
    UnknownKey,
    UnknownAward,
    UnknownActionType,
    UnknownAction,

    /// <summary>Another action is recorded under the id.</summary>
    ActionMismatch,

    /// <summary>The user has fewer points than that takes.</summary>
    NotEnoughPoints,

    /// <summary>The key belongs to another.</summary>
    KeyTaken,
    UsernameTaken,

    /// <summary>Create-only, and it exists.</summary>
    AlreadyExists,

    /// <summary>The badge has been awarded: recurrence, anchor and zone are frozen.</summary>
    RecurrenceInUse,

    /// <summary>The caller may not do this.</summary>
    Forbidden,

    UnknownRule,
    UnknownBackfill,
    RuleDisabled,

    /// <summary>One of the rule runs already.</summary>
    BackfillRunning,

    /// <summary>A filter, or the path of a property, that cannot be read.</summary>
    InvalidFilter,

    /// <summary>Not an image that can be stored.</summary>
    InvalidImage,

    /// <summary>The text holds words that are not allowed.</summary>
    Moderated,
}
