using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Laurel.Core.Rules.Filters;

/// <summary>Where a property lies: <c>properties.author.rank</c>. Immutable.</summary>
public sealed class PropertyPath : IEquatable<PropertyPath>
{
    /// <summary>Most names in one path: properties are nested no deeper.</summary>
    public const int MaxNames = TextRules.MaxPayloadDepth;

    private readonly byte[][] names;

    internal PropertyPath(IReadOnlyCollection<string> names)
    {
        this.names = [.. names.Select(Encoding.UTF8.GetBytes)];
        Text = "properties" + string.Concat(names.Select(Member));
    }

    /// <summary>The path in full, the same for equal paths: <c>properties.points</c>, <c>properties["the name"]</c>.</summary>
    public string Text { get; }

    /// <summary>Reads a path, with or without <c>properties</c> before it: <c>properties.points</c> and <c>points</c> are the
    /// same. Total: nothing throws.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out PropertyPath? path, [NotNullWhen(false)] out FilterError? error)
    {
        path = null;
        error = Lexer.Check(text);
        if (error is not null)
        {
            return false;
        }

        var parser = new Parser(text);
        path = parser.ReadPath();
        error = path is null ? parser.Error! : null;
        return path is not null;
    }

    /// <summary>The number there; false where there is none: nothing, null, another type, or a number that decimal does not hold
    /// exactly. Allocates nothing beyond what <see cref="ActionFacts"/> keeps.</summary>
    public bool TryNumber(ActionFacts facts, out decimal number)
    {
        var value = Read(facts);
        number = value.Number;
        return value.Kind == ValueKind.Number;
    }

    /// <inheritdoc/>
    public bool Equals(PropertyPath? other) => other is not null && Text == other.Text;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as PropertyPath);

    /// <inheritdoc/>
    public override int GetHashCode() => Text.GetHashCode(StringComparison.Ordinal);

    /// <inheritdoc/>
    public override string ToString() => Text;

    internal Value Read(ActionFacts facts)
    {
        var element = facts.Properties;
        foreach (var name in names)
        {
            if (element.ValueKind != JsonValueKind.Object || !element.TryGetProperty(name, out element))
            {
                return Value.Missing;
            }
        }

        return Value.Of(element);
    }

    private static string Member(string name) =>
        Lexer.IsWord(name) ? $".{name}" : $"[\"{JavaScriptEncoder.UnsafeRelaxedJsonEscaping.Encode(name)}\"]";
}
