namespace Laurel.Core.Rules.Filters;

/// <summary>A parsed filter, or a part of one. Closed: the nested cases are all there are. It is no deeper than
/// <see cref="Filter.MaxDepth"/> allows, since a chain of "and" or "or" is one node.</summary>
internal abstract record Condition
{
    private Condition()
    {
    }

    public abstract bool Matches(ActionFacts facts);

    /// <summary>Conditions joined by "and".</summary>
    public sealed record All(Condition[] Parts) : Condition
    {
        public override bool Matches(ActionFacts facts)
        {
            foreach (var part in Parts)
            {
                if (!part.Matches(facts))
                {
                    return false;
                }
            }

            return true;
        }
    }

    /// <summary>Conditions joined by "or".</summary>
    public sealed record Any(Condition[] Parts) : Condition
    {
        public override bool Matches(ActionFacts facts)
        {
            foreach (var part in Parts)
            {
                if (part.Matches(facts))
                {
                    return true;
                }
            }

            return false;
        }
    }

    public sealed record Not(Condition Part) : Condition
    {
        public override bool Matches(ActionFacts facts) => !Part.Matches(facts);
    }

    /// <summary>False unless both sides are of one kind that compares.</summary>
    public sealed record Comparison(Operand Left, Comparator Comparator, Operand Right) : Condition
    {
        public override bool Matches(ActionFacts facts)
        {
            var left = Left.Read(facts);
            var right = Right.Read(facts);
            return left.Kind == right.Kind && left.Kind switch
            {
                ValueKind.Number => Holds(left.Number.CompareTo(right.Number)),
                ValueKind.Text => Holds(Utf8Text.Compare(left.Text, right.Text)),
                ValueKind.Boolean => !Comparator.IsOrdering() && Holds(left.Boolean.CompareTo(right.Boolean)),
                ValueKind.Missing or ValueKind.Composite => false,
            };
        }

        private bool Holds(int order) => Comparator switch
        {
            Comparator.Equal => order == 0,
            Comparator.NotEqual => order != 0,
            Comparator.Less => order < 0,
            Comparator.AtMost => order <= 0,
            Comparator.Greater => order > 0,
            Comparator.AtLeast => order >= 0,
        };
    }

    /// <summary>Whether a value is, or is not, among literals of one kind; false in both cases for a value of another kind.</summary>
    public sealed record Membership(Operand Operand, Operand.Literal[] Literals, bool IsNegated) : Condition
    {
        public override bool Matches(ActionFacts facts)
        {
            var value = Operand.Read(facts);
            return value.Kind == Literals[0].Kind && IsListed(value, facts) != IsNegated;
        }

        private bool IsListed(Value value, ActionFacts facts)
        {
            foreach (var each in Literals)
            {
                var literal = each.Read(facts);
                var isEqual = value.Kind switch
                {
                    ValueKind.Number => value.Number == literal.Number,
                    ValueKind.Text => Utf8Text.Compare(value.Text, literal.Text) == 0,
                    ValueKind.Boolean => value.Boolean == literal.Boolean,
                    ValueKind.Missing or ValueKind.Composite => false,
                };
                if (isEqual)
                {
                    return true;
                }
            }

            return false;
        }
    }

    public sealed record Exists(Operand Operand) : Condition
    {
        public override bool Matches(ActionFacts facts) => Operand.Read(facts).Kind != ValueKind.Missing;
    }

    /// <summary>A boolean alone.</summary>
    public sealed record Holding(Operand Operand) : Condition
    {
        public override bool Matches(ActionFacts facts) => Operand.Read(facts) is { Kind: ValueKind.Boolean, Boolean: true };
    }
}

internal enum Comparator
{
    Equal,
    NotEqual,
    Less,
    AtMost,
    Greater,
    AtLeast,
}

internal static class ComparatorExtensions
{
    /// <summary>Whether it asks for an order, which true and false do not have.</summary>
    public static bool IsOrdering(this Comparator comparator) => comparator is not (Comparator.Equal or Comparator.NotEqual);
}
