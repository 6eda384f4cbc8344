using Laurel.Core.Issuers;
using Laurel.Server.Native;
using Laurel.Server.Pages;

namespace Laurel.Server.Admin;

/// <summary>Who made something, as forms say it: as the native API does.</summary>
internal static class CreatorForm
{
    public static string Word(Creator? creator) => Creators.Word(creator?.Type ?? CreatorType.User);

    public static IReadOnlyList<(string Value, string Text)> Options(Reader reader) =>
        [(Creators.Word(CreatorType.User), reader["admin.catalogue.creatorType.user"]), (Creators.Word(CreatorType.Group), reader["admin.catalogue.creatorType.group"])];
}
