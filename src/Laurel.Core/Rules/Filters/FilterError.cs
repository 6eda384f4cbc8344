namespace Laurel.Core.Rules.Filters;

/// <summary>Why a filter or a property's path was refused.</summary>
/// <param name="Message">An English sentence for who wrote it.</param>
/// <param name="Position">Where, in UTF-16 units from 0; the text's length where something is missing at its end.</param>
public sealed record FilterError(string Message, int Position)
{
    /// <inheritdoc/>
    public override string ToString() => $"At position {Position}: {Message}";
}
