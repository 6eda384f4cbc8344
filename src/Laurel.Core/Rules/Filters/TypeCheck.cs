namespace Laurel.Core.Rules.Filters;

/// <summary>Finds out what kind of values each property of a filter has. Its first use tells; properties that are compared with
/// each other have one kind, though it may never be told.</summary>
internal sealed class TypeCheck
{
    private const string OrderedEarlier = "True and false have no order, and an earlier use asks for one.";

    private readonly Dictionary<PropertyPath, Group> groups = [];

    /// <summary>The two are compared with each other. What is wrong with that; null if nothing is.</summary>
    /// <param name="isOrdering">For which of them comes first.</param>
    /// <param name="isOrderWrong">Whether only that is wrong with it.</param>
    public string? Compare(Operand left, Operand right, bool isOrdering, out bool isOrderWrong)
    {
        isOrderWrong = false;
        var (a, b) = (GroupOf(left), GroupOf(right));
        if ((a.Kind ?? b.Kind) != (b.Kind ?? a.Kind))
        {
            return $"{Capital(Words(a.Kind))} cannot be compared with {Words(b.Kind)}{Reason(left, a)}{Reason(right, b)}.";
        }

        if (Group.Join(a, b, isOrdering))
        {
            return null;
        }

        isOrderWrong = isOrdering;
        return isOrdering ? $"True and false have no order{Reason(left, a)}{Reason(right, b)}." : OrderedEarlier;
    }

    /// <summary>It stands alone, as a condition. What is wrong with that; null if nothing is.</summary>
    public string? Condition(Operand operand)
    {
        var group = GroupOf(operand);
        if (group.Kind is not (null or ValueKind.Boolean))
        {
            return $"{Capital(Words(group.Kind))} is no condition by itself{Reason(operand, group)}.";
        }

        return Group.Join(group, new Group(ValueKind.Boolean), isOrdering: false)
            ? null
            : OrderedEarlier;
    }

    private Group GroupOf(Operand operand)
    {
        if (operand is not Operand.Property property)
        {
            return new Group(operand.Kind);
        }
        if (!groups.TryGetValue(property.Path, out var group))
        {
            groups.Add(property.Path, group = new Group(null));
        }

        return group.Root;
    }

    private static string Reason(Operand operand, Group group) =>
        operand is Operand.Property { Path: var path } && group.Kind is { } kind ? $"; by an earlier use {path} is {Words(kind)}" : "";

    private static string Words(ValueKind? kind) => kind switch
    {
        ValueKind.Number => "a number",
        ValueKind.Text => "a text",
        _ => "true or false",
    };

    private static string Capital(string words) => $"{char.ToUpperInvariant(words[0])}{words[1..]}";

    // Operands known to be of one kind: a union-find forest, so that a chain of comparisons costs no more than its length.
    private sealed class Group(ValueKind? kind)
    {
        private Group? parent;
        private bool isOrdered;

        public ValueKind? Kind { get; private set; } = kind;

        public Group Root
        {
            get
            {
                var root = this;
                while (root.parent is { } up)
                {
                    root.parent = up.parent ?? up;
                    root = up;
                }

                return root;
            }
        }

        /// <summary>Makes two roots one; false if true and false would have to have an order.</summary>
        public static bool Join(Group a, Group b, bool isOrdering)
        {
            var kind = a.Kind ?? b.Kind;
            var hasOrder = isOrdering || a.isOrdered || b.isOrdered;
            if (hasOrder && kind == ValueKind.Boolean)
            {
                return false;
            }

            if (a != b)
            {
                b.parent = a;
            }
            (a.Kind, a.isOrdered) = (kind, hasOrder);
            return true;
        }
    }
}
