using System.Globalization;
using System.Text;

namespace Laurel.Tests.Rules.Filters;

/// <summary>Filters and properties drawn at random, and what each filter should say: evaluated by a plain walk over values that
/// were never JSON, written after docs/rules.md and sharing nothing with the code under test.</summary>
internal sealed class FilterModel(int seed)
{
    /// <summary>A number in JSON that no decimal holds exactly.</summary>
    private sealed record Unheld(string Json);

    private static readonly string[] NumberNames = ["n", "m", "o.n"];
    private static readonly string[] TextNames = ["t", "the text", "o.t"];
    private static readonly string[] BooleanNames = ["b", "o.b"];
    private static readonly string[] AnyNames = ["x", "y", "o.x"]; // only compared with each other, so of no type
    private static readonly string[] Nowhere = ["n.n", "o.o.o", "é"];

    private static readonly decimal[] Numbers = [0, 1, -1, 1.5m, 7, 10, 1e-28m, 79228162514264337593543950335m, 9007199254740993m];
    private static readonly string[] Texts = ["", "a", "ab", "b", "B", "é", "\ue000", "\uffff", "😀", "😀a", "\"", "'", "\\", "\n", "home", "edit"];
    private static readonly string[] Unhelds = ["1e400", "-1e29", "1e-29", "79228162514264337593543950336", "1.00000000000000000000000000001"];

    private readonly Random random = new(seed);
    private readonly Dictionary<string, object?> properties = [];

    public string Type { get; private set; } = "edit";

    public string? Subject { get; private set; }

    public long UserId { get; private set; }

    public string? Properties { get; private set; }

    /// <summary>A filter, and whether the drawn action passes it.</summary>
    public (string Text, bool Expected) Draw()
    {
        DrawAction();
        var (text, _, expected) = Condition(depth: random.Next(6));
        return (text, expected);
    }

    private void DrawAction()
    {
        Type = Pick(Texts);
        Subject = Chance(2) ? Pick(Texts) : null;
        UserId = Pick([1L, 7L, 10L, 9007199254740991L]);
        var inner = new Dictionary<string, object?>();
        foreach (var name in NumberNames.Concat(TextNames).Concat(BooleanNames).Concat(AnyNames).OrderBy(_ => random.Next()))
        {
            if (Chance(6))
            {
                continue;
            }

            var value = Chance(4) || AnyNames.Contains(name) ? AnyValue()
                : NumberNames.Contains(name) ? Pick(Numbers)
                : TextNames.Contains(name) ? Pick(Texts)
                : Chance(2);
            var isInner = name.StartsWith("o.", StringComparison.Ordinal);
            (isInner ? inner : properties)[isInner ? name[2..] : name] = value;
        }

        if (!Chance(10))
        {
            properties["o"] = Chance(10) ? AnyValue() : inner;
        }
        if (properties.Count > 0 || Chance(2))
        {
            Properties = Json(properties);
        }
    }

    private object? AnyValue() => random.Next(7) switch
    {
        0 => null,
        1 => Pick(Numbers),
        2 => Pick(Texts),
        3 => Chance(2),
        4 => new object?[] { 1m },
        5 => new Dictionary<string, object?> { ["n"] = 1m },
        _ => new Unheld(Pick(Unhelds)),
    };

    // The text, how closely it binds (0 or, 1 and, 2 not, 3 the rest), and whether it holds.
    private (string Text, int Binding, bool Holds) Condition(int depth)
    {
        var drawn = depth == 0 ? Simple() : random.Next(4) switch
        {
            0 => Joined("or", 0, depth),
            1 => Joined("and", 1, depth),
            2 => Negated(Condition(depth - 1)),
            _ => Simple(),
        };
        return Chance(8) ? ($"({Space()}{drawn.Text}{Space()})", 3, drawn.Holds) : drawn;
    }

    private (string Text, int Binding, bool Holds) Joined(string word, int binding, int depth)
    {
        var parts = Enumerable.Range(0, random.Next(2, 4)).Select(_ => Condition(depth - 1)).ToArray();
        var text = string.Join($" {word}{Space()} ", parts.Select(part => Bound(part.Text, part.Binding, binding)));
        return (text, binding, binding == 0 ? parts.Any(part => part.Holds) : parts.All(part => part.Holds));
    }

    private (string Text, int Binding, bool Holds) Negated((string Text, int Binding, bool Holds) part) =>
        ($"not {Bound(part.Text, part.Binding, 2)}", 2, !part.Holds);

    private static string Bound(string text, int binding, int within) => binding < within ? $"({text})" : text;

    private (string Text, int Binding, bool Holds) Simple()
    {
        switch (random.Next(5))
        {
            case 0:
                var (name, value) = Chance(4) ? Field() : Property(Pick([.. NumberNames, .. TextNames, .. BooleanNames, .. AnyNames, .. Nowhere]));
                return ($"exists {name}", 3, value is not (null or Unheld));
            case 1:
                var (truth, whether) = Chance(4) ? Literal(Chance(2)) : Property(Pick(BooleanNames));
                return (truth, 3, whether is true);
            case 2:
                return Membership();
            default:
                return Comparison();
        }
    }

    private (string Text, int Binding, bool Holds) Membership()
    {
        var kind = random.Next(3);
        var (left, value) = Term(kind);
        var literals = Enumerable.Range(0, random.Next(1, 5)).Select(_ => Literal(Constant(kind))).ToArray();
        var isNegated = Chance(2);
        var list = string.Join($"{Space()},{Space()}", literals.Select(literal => literal.Text));
        var sameKind = value is not null && literals[0].Value!.GetType() == value.GetType();
        return ($"{left} {(isNegated ? "not " : "")}in{Space()}({Space()}{list})", 3, sameKind && literals.Any(literal => literal.Value!.Equals(value)) != isNegated);
    }

    private (string Text, int Binding, bool Holds) Comparison()
    {
        var kind = random.Next(4);
        var (left, a) = Term(kind);
        var (right, b) = Term(kind);
        var sign = Pick<string>(kind == 2 ? ["=", "!="] : ["=", "!=", "<", "<=", ">", ">="]);
        return ($"{left}{Space()}{sign}{Space()}{right}", 3, Holds(a, sign, b));
    }

    private static bool Holds(object? a, string sign, object? b)
    {
        if (a is bool x && b is bool y)
        {
            return sign switch { "=" => x == y, "!=" => x != y, _ => false };
        }

        int order;
        if (a is decimal left && b is decimal right)
        {
            order = left < right ? -1 : left > right ? 1 : 0;
        }
        else if (a is string s && b is string t)
        {
            order = Order(s, t);
        }
        else
        {
            return false;
        }

        return sign switch { "=" => order == 0, "!=" => order != 0, "<" => order < 0, "<=" => order < 1, ">" => order > 0, _ => order > -1 };
    }

    private static int Order(string s, string t)
    {
        var (a, b) = (s.EnumerateRunes().Select(rune => rune.Value).ToArray(), t.EnumerateRunes().Select(rune => rune.Value).ToArray());
        for (var i = 0; i < a.Length && i < b.Length; i++)
        {
            if (a[i] != b[i])
            {
                return a[i] - b[i];
            }
        }

        return a.Length - b.Length;
    }

    // Of numbers (0), texts (1), true and false (2), or of no type (3).
    private (string Text, object? Value) Term(int kind) => kind switch
    {
        3 => Property(Pick(AnyNames)),
        _ when Chance(3) => Literal(Constant(kind)),
        0 when Chance(5) => ("userId", (decimal)UserId),
        1 when Chance(5) => Chance(2) ? ("type", Type) : ("subject", Subject),
        0 => Property(Pick(NumberNames)),
        1 => Property(Pick(TextNames)),
        _ => Property(Pick(BooleanNames)),
    };

    private (string Text, object? Value) Field() => random.Next(3) switch
    {
        0 => ("type", Type),
        1 => ("subject", Subject),
        _ => ("userId", (decimal)UserId),
    };

    private (string Text, object? Value) Property(string path)
    {
        object? value = properties;
        var text = new StringBuilder("properties");
        foreach (var name in path.Split('.'))
        {
            value = value is Dictionary<string, object?> members && members.TryGetValue(name, out var member) ? member : null;
            text.Append(Chance(4) || name.Length > 1 || name == "é" ? $"[{Quoted(name)}]" : $".{name}");
        }

        return (text.ToString(), value);
    }

    private object Constant(int kind) => kind switch
    {
        0 => Pick(Numbers),
        1 => Pick(Texts),
        _ => Chance(2),
    };

    private (string Text, object? Value) Literal(object value) =>
        (value switch { decimal number => Written(number), string text => Quoted(text), _ => value is true ? "true" : "false" }, value);

    private string Written(decimal number)
    {
        var digits = number.ToString(CultureInfo.InvariantCulture);
        return random.Next(3) switch
        {
            0 => digits.Contains('.') ? $"{digits}00" : $"{digits}.0",
            1 => $"{digits}{Pick(["e0", "E+00", "e-0"])}",
            _ => digits,
        };
    }

    private string Quoted(string text)
    {
        var quote = Chance(2) ? '"' : '\'';
        return $"{quote}{string.Concat(text.EnumerateRunes().Select(rune => rune.Value == quote ? Escaped(rune) : Drawn(rune)))}{quote}";
    }

    private string Drawn(Rune rune) => rune.Value is '"' or '\\' or < ' ' || Chance(5) ? Escaped(rune) : rune.ToString();

    private string Escaped(Rune rune) => rune.Value is '"' or '\\' && Chance(2)
        ? $"\\{rune}"
        : string.Concat(rune.ToString().Select(unit => Chance(2) ? $"\\u{(int)unit:x4}" : $"\\u{(int)unit:X4}"));

    private string Json(object? value) => value switch
    {
        null => "null",
        bool truth => truth ? "true" : "false",
        decimal number => Written(number),
        Unheld unheld => unheld.Json,
        string text => $"\"{string.Concat(text.EnumerateRunes().Select(Drawn))}\"",
        object?[] items => $"[{string.Join(',', items.Select(Json))}]",
        Dictionary<string, object?> members => $"{{{string.Join(',', members.Select(member => $"{Json(member.Key)}:{Space()}{Json(member.Value)}"))}}}",
        _ => throw new ArgumentException(value.ToString()),
    };

    private string Space() => Pick(["", "", " ", "\n\t", "\r\n"]);

    private bool Chance(int oneIn) => random.Next(oneIn) == 0;

    private T Pick<T>(T[] choices) => choices[random.Next(choices.Length)];
}
