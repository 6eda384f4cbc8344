namespace Laurel.Core.Storage;

/// <summary>An export, import or move cannot be done: the file is damaged or another's, or the database is not what it must be. The
/// message is a sentence for the operator.</summary>
public class TransferException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>What comes is not what an import that was interrupted began with.</summary>
internal sealed class OtherContentException(ImportTarget target)
    : TransferException("The database holds the beginning of another import. Run that one again, or take an empty database.")
{
    public ImportTarget Target => target;
}
