namespace Laurel.Core.Storage;

/// <summary>What a backup holds: the state of one commit.</summary>
/// <param name="Laurel">The version that made it.</param>
/// <param name="Schema">The schema's number.</param>
/// <param name="CreatedAt">Every award acknowledged before is in it.</param>
/// <param name="Awards">Standing awards, as the tallies count them.</param>
/// <param name="Outbox">The last batch of each node: the backup holds that one and all before it, and nothing else.</param>
public sealed record BackupFacts(string Laurel, int Schema, DateTimeOffset CreatedAt, long Awards, IReadOnlyList<LastBatch> Outbox);

/// <summary>The number of the last row in a node's outbox.</summary>
public sealed record LastBatch(int Node, long Sequence);

/// <summary>What verifying a backup found. <paramref name="Facts"/> is null where its bytes are not those that were written.</summary>
public sealed record BackupReport(BackupFacts? Facts, Diagnosis Diagnosis);

/// <summary>A backup cannot be made or restored, or is none; says why in a sentence. Nothing was changed.</summary>
public class BackupException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>The file is no backup, or its bytes are not those that were written.</summary>
public sealed class DamagedBackupException(string message) : BackupException(message);
