using System.Text;

namespace Laurel.Core.Rules.Filters;

/// <summary>Reads one filter or one path by recursive descent, no deeper than <see cref="Filter.MaxDepth"/>. What it reads is null
/// once there is an <see cref="Error"/>.</summary>
internal sealed class Parser
{
    private readonly Lexer lexer;
    private readonly TypeCheck types = new();
    private Token current;
    private int depth;
    private int terms;

    /// <param name="text">One that passed <see cref="Lexer.Check"/>.</param>
    public Parser(string text)
    {
        lexer = new Lexer(text);
        current = lexer.Next();
    }

    public FilterError? Error { get; private set; }

    public Condition? ReadFilter() => Alternatives() is { } condition && IsAtEnd("Expected 'and', 'or' or the end.") ? condition : null;

    public PropertyPath? ReadPath()
    {
        var names = new List<string>();
        if (current.Kind == TokenKind.Word && !current.Is("properties"))
        {
            names.Add(current.Value);
        }
        else if (!current.Is("properties"))
        {
            Fail("Expected a property's path.");
            return null;
        }

        Advance();
        return Members(names) is { } path && IsAtEnd("Expected '.' or the end.") ? path : null;
    }

    private Condition? Alternatives()
    {
        var parts = Chain("or", Conjunction);
        return parts is [var only] ? only : parts is null ? null : new Condition.Any([.. parts]);
    }

    private Condition? Conjunction()
    {
        var parts = Chain("and", Negation);
        return parts is [var only] ? only : parts is null ? null : new Condition.All([.. parts]);
    }

    private List<Condition>? Chain(string keyword, Func<Condition?> readPart)
    {
        var parts = new List<Condition>();
        do
        {
            if (readPart() is not { } part)
            {
                return null;
            }

            parts.Add(part);
        }
        while (Take(keyword));
        return parts;
    }

    private Condition? Negation()
    {
        if (!current.Is("not"))
        {
            return current.Is("(") ? Parenthesis() : Simple();
        }
        if (!Descend())
        {
            return null;
        }

        Advance();
        var part = Negation();
        depth--;
        return part is null ? null : new Condition.Not(part);
    }

    private Condition? Parenthesis()
    {
        if (!Descend())
        {
            return null;
        }

        Advance();
        var condition = Alternatives();
        depth--;
        return condition is not null && Expect(")", "Expected 'and', 'or' or ')'.") ? condition : null;
    }

    private Condition? Simple()
    {
        if (Take("exists"))
        {
            return Name() is { } name ? new Condition.Exists(name) : null;
        }

        var start = current.Start;
        if (Term() is not { } left)
        {
            return null;
        }
        if (ComparatorOf(current) is { } comparator)
        {
            return Comparison(left, comparator);
        }
        if (Take("not"))
        {
            return Expect("in", "Expected 'in'.") ? Membership(left, isNegated: true) : null;
        }

        return Take("in") ? Membership(left, isNegated: false) : Alone(left, start);
    }

    private Condition.Comparison? Comparison(Operand left, Comparator comparator)
    {
        var sign = current.Start;
        Advance();
        var start = current.Start;
        if (Term() is not { } right)
        {
            return null;
        }

        var fault = types.Compare(left, right, comparator.IsOrdering(), out var isSignWrong);
        return Agrees(fault, isSignWrong ? sign : start) ? new Condition.Comparison(left, comparator, right) : null;
    }

    private Condition.Membership? Membership(Operand operand, bool isNegated)
    {
        if (!Expect("(", "Expected '(' and a list of values."))
        {
            return null;
        }

        var literals = new List<Operand.Literal>();
        do
        {
            var start = current.Start;
            if (Counts() && Literal() is { } literal && Agrees(types.Compare(operand, literal, isOrdering: false, out _), start))
            {
                literals.Add(literal);
            }
            else
            {
                Fail("Expected a number, a text in quotes, true or false.");
                return null;
            }
        }
        while (Take(","));
        return Expect(")", "Expected ',' or ')'.") ? new Condition.Membership(operand, [.. literals], isNegated) : null;
    }

    private Condition.Holding? Alone(Operand operand, int start)
    {
        // Where a sign is wrong or missing, that is what to tell, not that the operand is no condition.
        if (current.Kind != TokenKind.End && !current.Is("and") && !current.Is("or") && !current.Is(")"))
        {
            Fail("Expected a comparison, 'in', 'and', 'or' or the end.");
            return null;
        }

        return Agrees(types.Condition(operand), start) ? new Condition.Holding(operand) : null;
    }

    private Operand? Term()
    {
        if (current.Kind == TokenKind.Word && !current.Is("true") && !current.Is("false"))
        {
            return Name();
        }
        if (Counts() && Literal() is { } literal)
        {
            return literal;
        }

        Fail("Expected a name, a number, a text in quotes, true or false.");
        return null;
    }

    private Operand? Name()
    {
        if (!Counts())
        {
            return null;
        }
        if (Take("type"))
        {
            return new Operand.ActionType();
        }
        if (Take("subject"))
        {
            return new Operand.Subject();
        }
        if (Take("userId"))
        {
            return new Operand.User();
        }
        if (Take("properties"))
        {
            return Members([]) is { } path ? new Operand.Property(path) : null;
        }

        Fail("Expected a name: properties.…, type, subject or userId.");
        return null;
    }

    // What follows "properties" or the first name: .name and ["name"].
    private PropertyPath? Members(List<string> names)
    {
        while (names.Count == 0 || current.Is(".") || current.Is("["))
        {
            if (names.Count == PropertyPath.MaxNames)
            {
                Fail("Properties are nested at most 16 deep.");
                return null;
            }
            if (Member() is not { } name)
            {
                return null;
            }

            names.Add(name);
        }

        return new PropertyPath(names);
    }

    private string? Member()
    {
        var isQuoted = Take("[");
        if (!isQuoted && !Expect(".", "Expected '.' and a property's name."))
        {
            return null;
        }

        var name = current;
        if (name.Kind != (isQuoted ? TokenKind.Text : TokenKind.Word))
        {
            Fail(isQuoted ? "Expected a property's name in quotes." : "Expected a property's name; one with other than A-Z, a-z, 0-9 and _ is written [\"the name\"].");
            return null;
        }

        Advance();
        return !isQuoted || Expect("]", "Expected ']'.") ? name.Value : null;
    }

    // Null, without an error, where there is none.
    private Operand.Literal? Literal()
    {
        var token = current;
        Operand.Literal? literal = token.Kind switch
        {
            TokenKind.Text => new Operand.Literal.Text(token.Value),
            TokenKind.Number => Number(token),
            TokenKind.Word when token.Value is "true" or "false" => new Operand.Literal.Boolean(token.Value == "true"),
            _ => null,
        };
        if (literal is not null)
        {
            Advance();
        }

        return literal;
    }

    private Operand.Literal.Number? Number(Token token)
    {
        if (ExactDecimal.TryParse(Encoding.ASCII.GetBytes(token.Value), out var number))
        {
            return new(number);
        }

        Fail("A number has at most 28 digits behind the point, and without point and zeros at its end is at most 2^96 - 1.");
        return null;
    }

    private static Comparator? ComparatorOf(Token token) => token.Kind != TokenKind.Symbol ? null : token.Value switch
    {
        "=" => Comparator.Equal,
        "!=" => Comparator.NotEqual,
        "<" => Comparator.Less,
        "<=" => Comparator.AtMost,
        ">" => Comparator.Greater,
        ">=" => Comparator.AtLeast,
        _ => null,
    };

    private bool Counts() => ++terms <= Filter.MaxTerms || Fail("A filter has at most 200 names and values.");

    private bool Descend() => ++depth <= Filter.MaxDepth || Fail("Parentheses and 'not' are nested at most 32 deep.");

    private bool Agrees(string? fault, int position)
    {
        if (fault is not null)
        {
            Error ??= new(fault, position);
        }

        return fault is null;
    }

    private bool IsAtEnd(string otherwise) => current.Kind == TokenKind.End || Fail(otherwise);

    private bool Expect(string word, string otherwise) => Take(word) || Fail(otherwise);

    private bool Take(string word)
    {
        if (!current.Is(word))
        {
            return false;
        }

        Advance();
        return true;
    }

    private void Advance() => current = lexer.Next();

    // The first error stays. What is no token at all, or a keyword in capitals, is told as such whatever was expected.
    private bool Fail(string message)
    {
        Error ??= current switch
        {
            { Kind: TokenKind.Fault, Value: var fault, Start: var start } => new(fault, start),
            { Kind: TokenKind.Word, Value: var word, Start: var start } when InLowerCase(word) is { } keyword => new($"Keywords are in lower case: {keyword}.", start),
            { Start: var start } => new(message, start),
        };
        return false;
    }

    private static string? InLowerCase(string word) =>
        word.ToLowerInvariant() is var keyword && keyword != word && keyword is "and" or "or" or "not" or "in" or "exists" or "true" or "false" ? keyword : null;
}
