using Laurel.Core;
using Laurel.Core.Live;
using Laurel.Core.Storage;

namespace Laurel.Server.Native;

/// <summary>Which events a reader wants: of several kinds of ids all must match, of several of a kind any.</summary>
internal sealed class StreamFilter
{
    private const int MostOfAKind = 100;

    private readonly HashSet<long>? _issuers;
    private readonly HashSet<long>? _users;
    private readonly HashSet<long>? _badges;

    /// <exception cref="InvalidParameterException">Something is no id, or there are too many.</exception>
    public StreamFilter(IQueryCollection query) => (_issuers, _users, _badges) = (Ids(query, "issuerId"), Ids(query, "userId"), Ids(query, "badgeId"));

    private static HashSet<long>? Ids(IQueryCollection query, string name)
    {
        var values = query[name];
        if (values.Count == 0)
        {
            return null;
        }
        if (values.Count > MostOfAKind)
        {
            throw new InvalidParameterException(name, $"At most {MostOfAKind} of a kind.");
        }
        return [.. values.Select(text => TextRules.TryCanonicalId(text, out var id) && IdRange.IsValid(id)
            ? id
            : throw new InvalidParameterException(name, "An id is a number of 1 to 2^53 - 1."))];
    }

    /// <summary>What can be said without knowing whose badge it is.</summary>
    public bool MayMatch(LiveEvent each) => _users?.Contains(each.UserId) != false && _badges?.Contains(each.BadgeId) != false;

    /// <param name="issuerId">Of the event's badge.</param>
    public bool Matches(long? issuerId) => _issuers is null || (issuerId is { } id && _issuers.Contains(id));
}
