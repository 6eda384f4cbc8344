namespace Laurel.Core.Storage;

/// <summary>How an export, an import or a move came to its beginning.</summary>
public enum TransferBegun
{
    Anew,

    /// <summary>Behind what an interrupted one had done.</summary>
    Continued,

    /// <summary>Anew, because the source is not what it was when an interrupted one began.</summary>
    Again,

    /// <summary>Nothing was to do: an interrupted one had come to its end.</summary>
    Already,
}

/// <summary>What an export holds.</summary>
/// <param name="Rows">By table, in the order of the file.</param>
/// <param name="Hash">SHA-256 of all lines but the last, in lower-case hex: the same for the same content.</param>
public sealed record ExportSummary(IReadOnlyDictionary<string, long> Rows, string Hash)
{
    public long Total => Rows.Values.Sum();
}

/// <summary>What was exported, imported or moved.</summary>
public sealed record Transferred(TransferBegun Begun, ExportSummary Summary);
