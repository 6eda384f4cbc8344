using System.Runtime.InteropServices;
using System.Text.Json;

namespace Laurel.Core.Rules.Filters;

/// <summary>What a value is to a filter.</summary>
internal enum ValueKind
{
    /// <summary>Absent, null, or a number that decimal does not hold exactly.</summary>
    Missing,
    Number,
    Text,
    Boolean,

    /// <summary>An object or array: it exists and compares with nothing.</summary>
    Composite,
}

/// <summary>A value while it is compared; of the other members only the one of its kind says something.</summary>
internal readonly ref struct Value
{
    public static Value Missing => default;

    public ValueKind Kind { get; private init; }

    public decimal Number { get; private init; }

    public Utf8Text Text { get; private init; }

    public bool Boolean { get; private init; }

    public static Value Of(decimal number) => new() { Kind = ValueKind.Number, Number = number };

    public static Value Of(Utf8Text text) => new() { Kind = ValueKind.Text, Text = text };

    public static Value Of(bool boolean) => new() { Kind = ValueKind.Boolean, Boolean = boolean };

    public static Value Of(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Number => ExactDecimal.TryParse(JsonMarshal.GetRawUtf8Value(element), out var number) ? Of(number) : Missing,
        JsonValueKind.String => Of(Utf8Text.OfJson(JsonMarshal.GetRawUtf8Value(element)[1..^1])),
        JsonValueKind.True => Of(true),
        JsonValueKind.False => Of(false),
        JsonValueKind.Object or JsonValueKind.Array => new() { Kind = ValueKind.Composite },
        JsonValueKind.Undefined or JsonValueKind.Null => Missing,
    };
}
