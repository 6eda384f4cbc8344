using System.Text;

namespace Laurel.Core.Rules.Filters;

/// <summary>What stands at either side of a comparison. Closed: the nested cases are all there are.</summary>
internal abstract record Operand
{
    private Operand()
    {
    }

    /// <summary>The kind that it has in every action; null where that depends on the action.</summary>
    public abstract ValueKind? Kind { get; }

    public abstract Value Read(ActionFacts facts);

    /// <summary>The action's <c>type</c>.</summary>
    public sealed record ActionType : Operand
    {
        public override ValueKind? Kind => ValueKind.Text;

        public override Value Read(ActionFacts facts) => Value.Of(Utf8Text.OfPlain(facts.Type));
    }

    /// <summary>The action's <c>subject</c>.</summary>
    public sealed record Subject : Operand
    {
        public override ValueKind? Kind => ValueKind.Text;

        public override Value Read(ActionFacts facts) => facts.HasSubject ? Value.Of(Utf8Text.OfPlain(facts.Subject)) : Value.Missing;
    }

    /// <summary>The action's <c>userId</c>.</summary>
    public sealed record User : Operand
    {
        public override ValueKind? Kind => ValueKind.Number;

        public override Value Read(ActionFacts facts) => Value.Of((decimal)facts.UserId);
    }

    /// <summary>One of the action's properties.</summary>
    public sealed record Property(PropertyPath Path) : Operand
    {
        public override ValueKind? Kind => null;

        public override Value Read(ActionFacts facts) => Path.Read(facts);
    }

    /// <summary>A value that the filter itself holds.</summary>
    public abstract record Literal : Operand
    {
        private Literal()
        {
        }

        public sealed record Number(decimal Value) : Literal
        {
            public override ValueKind? Kind => ValueKind.Number;

            public override Value Read(ActionFacts facts) => Filters.Value.Of(Value);
        }

        public sealed record Text(string Value) : Literal
        {
            private readonly byte[] utf8 = Encoding.UTF8.GetBytes(Value);

            public override ValueKind? Kind => ValueKind.Text;

            public override Value Read(ActionFacts facts) => Filters.Value.Of(Utf8Text.OfPlain(utf8));
        }

        public sealed record Boolean(bool Value) : Literal
        {
            public override ValueKind? Kind => ValueKind.Boolean;

            public override Value Read(ActionFacts facts) => Filters.Value.Of(Value);
        }
    }
}
