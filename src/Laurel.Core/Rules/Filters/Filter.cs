using System.Diagnostics.CodeAnalysis;

namespace Laurel.Core.Rules.Filters;

/// <summary>A condition on an action: its type, subject, user and properties. Parsed and type-checked once, immutable, and good
/// for any number of threads. Contract: docs/rules.md#filters</summary>
public sealed class Filter
{
    /// <summary>Longest filter, in scalar values.</summary>
    public const int MaxLength = 2000;

    /// <summary>Deepest nesting of parentheses and "not".</summary>
    public const int MaxDepth = 32;

    /// <summary>Most names and literals in one filter.</summary>
    public const int MaxTerms = 200;

    private readonly Condition condition;

    private Filter(string text, Condition condition) => (Text, this.condition) = (text, condition);

    /// <summary>As it was written.</summary>
    public string Text { get; }

    /// <summary>Reads a filter, in time linear in its length. Total: nothing throws.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out Filter? filter, [NotNullWhen(false)] out FilterError? error)
    {
        filter = null;
        error = Lexer.Check(text);
        if (error is not null)
        {
            return false;
        }

        var parser = new Parser(text);
        if (parser.ReadFilter() is not { } condition)
        {
            error = parser.Error!;
            return false;
        }

        filter = new Filter(text, condition);
        return true;
    }

    /// <summary>Whether the action passes. Allocates nothing beyond what <see cref="ActionFacts"/> keeps.</summary>
    public bool Matches(ActionFacts facts) => condition.Matches(facts);

    /// <inheritdoc/>
    public override string ToString() => Text;
}
