namespace Laurel.Core.Issuers;

/// <summary>The issuers that a dialect speaks for whose calls name none: those of a list, or, without one, all but those that
/// came to be as Perfumer collections.</summary>
public sealed class IssuerSet(IReadOnlyCollection<long> ids)
{
    public bool Contains(Issuer issuer) => ids.Count == 0 ? issuer.Origin != IssuerOrigin.Perfumer : ids.Contains(issuer.Id);
}
