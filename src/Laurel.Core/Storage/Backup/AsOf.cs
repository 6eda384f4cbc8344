namespace Laurel.Core.Storage;

/// <summary>The moment a backup was made. It decided which counts of the past 48 hours are kept.</summary>
internal sealed class AsOf(DateTimeOffset made) : TimeProvider
{
    public override DateTimeOffset GetUtcNow() => made;
}
