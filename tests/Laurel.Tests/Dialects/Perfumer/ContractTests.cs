using System.Text.Json.Nodes;
using Xunit;

namespace Laurel.Tests.Dialects.Perfumer;

/// <summary>The contract as a table. Each case has a collection ($c) and a user ($u) of its own, for whom some badges were posted a
/// second apart. Its request may have a body behind a blank. What it expects: <c>= a b</c> the names of the badges in their order,
/// <c># {…}</c> the counters, <c>! …</c> 400 in these words, <c>?</c> 400 in any words, <c>ok</c> that it is done; anything else is the
/// whole body. What is left afterwards is the last column, where it matters.</summary>
public sealed class ContractTests(PerfumerBed perfumer) : IClassFixture<PerfumerBed>
{
    private const string Query = "collection=$c&user=$u";
    private const string Both = "\"collection\":\"$c\",\"user\":\"$u\"";

    private static readonly (string Title, string Posted, string Request, string Expected, string? Left)[] Cases =
    [
        // Names are paths.
        ("a name finds itself", "a", $"GET /badges?{Query}&name=a", "= a", null),
        ("a segment finds what is below it", "a/b a/c", $"GET /badges?{Query}&name=a", "= a/c a/b", null),
        ("a path finds what is below it", "a/b/c a/b/d a/e", $"GET /badges?{Query}&name=a/b", "= a/b/d a/b/c", null),
        ("a path finds itself and what is below it", "a/b a/b/c", $"GET /badges?{Query}&name=a/b", "= a/b/c a/b", null),
        ("a whole path finds itself only", "a/b/c a/b/cd a/b/c/d", $"GET /badges?{Query}&name=a/b/c", "= a/b/c/d a/b/c", null),
        ("a segment is whole", "profile/1 profiles profiles/1", $"GET /badges?{Query}&name=profile", "= profile/1", null),
        ("a deeper segment is whole", "a/1 a/10 a/1/x a/1.5 a/1-0", $"GET /badges?{Query}&name=a/1", "= a/1/x a/1", null),
        ("case matters", "a A", $"GET /badges?{Query}&name=a", "= a", null),
        ("a slash at the end is a segment that is empty", "a a/ a/b", $"GET /badges?{Query}&name=a/", "= a/", null),
        ("it is found under its first segment", "a a/", $"GET /badges?{Query}&name=a", "= a/ a", null),
        ("two slashes", "a//b a/b", $"GET /badges?{Query}&name=a/", "= a//b", null),
        ("no name is all", "a b/c d", $"GET /badges?{Query}", "= d b/c a", null),
        ("a name that is not there", "a", $"GET /badges?{Query}&name=b", "= ", null),
        ("a name that cannot be", "a", $"GET /badges?{Query}&name=/a", "= ", null),
        ("no badges", "", $"GET /badges?{Query}", """{"status":true,"content":{"badges":[]}}""", null),
        ("wildcards are letters", "a% axb a_b a%b", $"GET /badges?{Query}&name=a%25", "= a%", null),
        ("wildcards below are letters", "a/% a/x a/_", $"GET /badges?{Query}&name=a/_", "= a/_", null),
        ("letters of any script", "ملف/١ ملف", $"GET /badges?{Query}&name=%D9%85%D9%84%D9%81", "= ملف ملف/١", null),
        ("letters beyond the basic plane", "🏅/🏆/1 🏅/🏆x", $"GET /badges?{Query}&name=%F0%9F%8F%85/%F0%9F%8F%86", "= 🏅/🏆/1", null),
        ("another's are not shown", "a", "GET /badges?collection=$c&user=$u-other", "= ", null),
        ("another collection's are not shown", "a", "GET /badges?collection=$c-other&user=$u", "= ", null),

        // Duplicates, order, times.
        ("duplicates are kept", "a a a", $"GET /badges?{Query}&name=a", "= a a a", null),
        ("duplicates are counted", "a/1 a/1 a/2", $"GET /counters?{Query}&names=a,a/1", """# {"a":3,"a/1":2}""", null),
        ("newest first", "z a m", $"GET /badges?{Query}", "= m a z", null),

        // An item.
        ("an item", "a/b", $"GET /badges?{Query}", """{"status":true,"content":{"badges":[{"name":"a/b","user":"$u","created_at":"$t"}]}}""", null),
        ("a slash behind the path", "a", $"GET /badges/?{Query}", "= a", null),
        ("a slash behind the path of counters", "a", $"GET /counters/?{Query}&names=a", """# {"a":1}""", null),

        // Posting.
        ("a post", "", $"POST /badge?{Query}&name=a", "ok", "a"),
        ("a post with a slash behind the path", "", $"POST /badge/?{Query}&name=a", "ok", "a"),
        ("a post as a body", "", $$"""POST /badge {{{Both}},"name":"a/b"}""", "ok", "a/b"),
        ("unknown members are ignored", "", $$"""POST /badge?x[y]=1 {{{Both}},"name":"a","x":{"y":[1]} }""", "ok", "a"),
        ("0 is a value", "", $"POST /badge?{Query}&name=0", "ok", "0"),
        ("0/0 is a name", "", $"POST /badge?{Query}&name=0/0", "ok", "0/0"),
        ("a plus is a blank", "", $"POST /badge?{Query}&name=a+b%2Bc", "ok", "a b+c"),
        ("a broken escape is itself", "", $"POST /badge?{Query}&name=a%zz%", "ok", "a%zz%"),
        ("no name", "", $"POST /badge?{Query}", "! \"name\" parameter must be set", ""),
        ("an empty name", "", $"POST /badge?{Query}&name=", "! \"name\" parameter must be set", ""),
        ("a blank name", "", $"POST /badge?{Query}&name=+%09%0A", "! \"name\" parameter must be set", ""),
        ("a name without its first segment", "", $"POST /badge?{Query}&name=/a", "! \"name\" parameter is invalid", ""),
        ("a slash alone", "", $"POST /badge?{Query}&name=/", "! \"name\" parameter is invalid", ""),
        ("the name that counts all", "", $"POST /badge?{Query}&name=_all", "! \"name\" parameter is invalid", ""),
        ("below the name that counts all", "", $"POST /badge?{Query}&name=_all/1", "! \"name\" parameter is invalid", ""),
        ("it may be a deeper segment", "", $"POST /badge?{Query}&name=a/_all", "ok", "a/_all"),
        ("a comma in the first segment", "", $"POST /badge?{Query}&name=a,b", "! \"name\" parameter is invalid", ""),
        ("a comma in a deeper segment", "", $"POST /badge?{Query}&name=a/b,c", "ok", "a/b,c"),
        ("a control character", "", $"POST /badge?{Query}&name=a%07b", "! \"name\" parameter is invalid", ""),
        ("a first segment of 255", "", $"POST /badge?{Query}&name={new string('x', 255)}", "ok", new string('x', 255)),
        ("a first segment of 256", "", $"POST /badge?{Query}&name={new string('x', 256)}", "! \"name\" parameter is invalid", ""),
        ("a rest of 512 bytes", "", $"POST /badge?{Query}&name=a/{new string('x', 512)}", "ok", "a/" + new string('x', 512)),
        ("a rest of 513 bytes", "", $"POST /badge?{Query}&name=a/{new string('x', 513)}", "! \"name\" parameter is invalid", ""),
        ("a collection of 256", "", $"POST /badge?user=$u&name=a&collection={new string('x', 256)}", "! \"collection\" parameter is invalid", ""),
        ("a user of 256", "", $"POST /badge?collection=$c&name=a&user={new string('x', 256)}", "! \"user\" parameter is invalid", ""),
        ("a user with id 0", "", "POST /badge?collection=$c&name=a&user=0", "! \"user\" parameter is invalid", ""),
        ("a user in digits that are no id", "", "POST /badge?collection=$c&name=a&user=007", "! \"user\" parameter is invalid", ""),
        ("a user in a closed range", "", "POST /badge?collection=$c&name=a&user=1099511627999", "! \"user\" parameter is invalid", ""),
        ("a collection in a closed range", "", "POST /badge?user=$u&name=a&collection=4503599627370999", "! \"collection\" parameter is invalid", ""),
        ("a user beyond all ids", "", "POST /badge?collection=$c&name=a&user=9007199254740992", "! \"user\" parameter is invalid", ""),

        // What is missing, in this order.
        ("no collection, user and name", "", "POST /badge", "! \"collection\" parameter must be set", null),
        ("no user and name", "", "POST /badge?collection=$c", "! \"user\" parameter must be set", null),
        ("no collection", "", "GET /badges?user=$u", "! \"collection\" parameter must be set", null),
        ("no user", "", "GET /badges?collection=$c", "! \"user\" parameter must be set", null),
        ("a blank collection", "", "GET /badges?collection=%20&user=$u", "! \"collection\" parameter must be set", null),
        ("no names", "", $"GET /counters?{Query}", "! \"names\" parameter must be set", null),
        ("no collection before no names", "", "GET /counters?user=$u", "! \"collection\" parameter must be set", null),
        ("delete without a user deletes nothing", "a", "DELETE /badges?collection=$c", "! \"user\" parameter must be set", "a"),
        ("delete without a collection deletes nothing", "a", "DELETE /badges?user=$u", "! \"collection\" parameter must be set", "a"),

        // Scalars.
        ("a number is its digits", "1", $$"""GET /badges {{{Both}},"name":1}""", "= 1", null),
        ("true is 1", "1", $$"""GET /badges {{{Both}},"name":true}""", "= 1", null),
        ("false is empty", "1 2", $$"""GET /badges {{{Both}},"name":false}""", "= 2 1", null),
        ("null is as if it were not there", "1 2", $$"""GET /badges {{{Both}},"name":null}""", "= 2 1", null),
        ("a fraction", "", $$"""POST /badge {{{Both}},"name":1.50}""", "ok", "1.5"),
        ("a whole fraction", "", $$"""POST /badge {{{Both}},"name":2.0}""", "ok", "2"),
        ("a large number", "", $$"""POST /badge {{{Both}},"name":1e25}""", "ok", "1.0E+25"),
        ("a small number", "", $$"""POST /badge {{{Both}},"name":0.0000125}""", "ok", "1.25E-5"),
        ("minus", "", $$"""POST /badge {{{Both}},"name":-7}""", "ok", "-7"),
        ("a number that is none", "", $$"""POST /badge {{{Both}},"name":1e999}""", "! \"name\" parameter is invalid", ""),
        ("a list is no name", "a", $$"""GET /badges {{{Both}},"name":["a"]}""", "! \"name\" parameter is invalid", null),
        ("an object is no user", "a", """GET /badges {"collection":"$c","user":{"a":1}}""", "! \"user\" parameter is invalid", null),
        ("a list is no collection", "a", """GET /badges {"collection":[],"user":"$u"}""", "! \"collection\" parameter is invalid", null),
        ("a list in the query is no user", "a", "GET /badges?collection=$c&user[]=$u", "! \"user\" parameter is invalid", null),
        ("an object in the query is no name", "a", $"DELETE /badges?{Query}&name[x]=a", "! \"name\" parameter is invalid", "a"),
        ("delete by a list deletes nothing", "a", $$"""DELETE /badges {{{Both}},"name":["a"]}""", "! \"name\" parameter is invalid", "a"),
        ("names are trimmed", "a", $"GET /badges?collection=+$c+&user=%09$u&name=%0Aa+", "= a", null),
        ("posted names are trimmed", "", $$"""POST /badge {"collection":" $c\n","user":"\t$u","name":" a / b "}""", "ok", "a / b"),

        // The body wins, field by field.
        ("the body's name", "a b", $$"""GET /badges?{{Query}}&name=a {"name":"b"}""", "= b", null),
        ("the query's, where the body has none", "a b", $$"""GET /badges?{{Query}}&name=a {"user":"$u"}""", "= a", null),
        ("the query's, where the body has null", "a b", $$"""DELETE /badges?{{Query}}&name=a {"name":null}""", "ok", "b"),
        ("an empty name in the body wins too", "a b", $$"""GET /badges?{{Query}}&name=a {"name":""}""", "= b a", null),
        ("an empty object leaves the query", "a b", $$"""DELETE /badges?{{Query}}&name=a {}""", "ok", "b"),
        ("delete with a body", "a b", $$"""DELETE /badges {{{Both}},"name":"b"}""", "ok", "a"),
        ("the last of repeated keys", "a b", $"GET /badges?{Query}&name=a&name=b", "= b", null),
        ("keys have their case", "a b", $"GET /badges?{Query}&Name=a", "= b a", null),
        ("a body of another type", "a", $"GET /badges {{{Both}}}", "= a", null),

        // Broken bodies change nothing.
        ("a body that ends early", "a", $$"""DELETE /badges?{{Query}} {"name":"a" """, "?", "a"),
        ("a list as body", "a", $"DELETE /badges?{Query} []", "?", "a"),
        ("a text as body", "a", $"DELETE /badges?{Query} \"a\"", "?", "a"),
        ("null as body", "a", $"DELETE /badges?{Query} null", "?", "a"),
        ("a form as body", "a", $"DELETE /badges?{Query} name=a", "?", "a"),
        ("two objects as body", "a", $"DELETE /badges?{Query} {{}}{{}}", "?", "a"),
        ("a member twice", "a b", $$"""DELETE /badges?{{Query}} {"name":"a","name":""}""", "?", "b a"),
        ("half a surrogate pair", "a", $$"""DELETE /badges?{{Query}} {"x":"\ud83d"}""", "?", "a"),
        ("NUL in a body", "a", $$"""DELETE /badges?{{Query}} {"name":"a\u0000"}""", "?", "a"),
        ("NUL in a query", "a", $"DELETE /badges?{Query}&name=a%00", "?", "a"),
        ("bytes in a query that are no text", "a", $"DELETE /badges?{Query}&name=%FF", "?", "a"),
        ("a surrogate in a query", "a", $"DELETE /badges?{Query}&name=%ED%A0%80", "?", "a"),

        // Deleting.
        ("delete all", "a b/c d", $"DELETE /badges?{Query}", "ok", ""),
        ("delete by a segment", "a a/b ab a/c/d b", $"DELETE /badges?{Query}&name=a", "ok", "b ab"),
        ("delete below", "a a/b a/b/c a/bc", $"DELETE /badges?{Query}&name=a/b", "ok", "a/bc a"),
        ("delete what is not there", "a", $"DELETE /badges?{Query}&name=b", "ok", "a"),
        ("delete what cannot be", "a", $"DELETE /badges?{Query}&name=/", "ok", "a"),
        ("delete where nothing is", "", "DELETE /badges?collection=$c-nowhere&user=$u-nobody", "ok", null),
        ("delete an empty segment", "a a/ a//b", $"DELETE /badges?{Query}&name=a/", "ok", "a"),
        ("delete with a slash behind the path", "a b", $"DELETE /badges/?{Query}&name=a", "ok", "b"),

        // Counting.
        ("counters of paths and all", "profile/1 profile/2 profile/2", $"GET /counters?{Query}&names=profile/1,profile/2,_all", """# {"profile/1":1,"profile/2":2,"_all":3}""", null),
        ("counters of many names", "n1 n2 n3 n4 n5 n6 n7 n8 n9 n10 n11 n12 n13 n14 n15 n16 n17 n18 n19 n20 n18", $"GET /counters?{Query}&names=n1,n2,n3,n4,n5,n6,n7,n8,n9,n10,n11,n12,n13,n14,n15,n16,n17,n18,n19,n20,nothing,_all,n18", """# {"n1":1,"n2":1,"n3":1,"n4":1,"n5":1,"n6":1,"n7":1,"n8":1,"n9":1,"n10":1,"n11":1,"n12":1,"n13":1,"n14":1,"n15":1,"n16":1,"n17":1,"n18":2,"n19":1,"n20":1,"nothing":0,"_all":21}""", null),
        ("a list of names", "a b", $$"""GET /counters {{{Both}},"names":["a","b","_all"]}""", """# {"a":1,"b":1,"_all":2}""", null),
        ("a list in the query", "a b", $"GET /counters?{Query}&names[]=a&names[]=b", """# {"a":1,"b":1}""", null),
        ("a numbered list in the query", "a b", $"GET /counters?{Query}&names%5B0%5D=a&names%5B1%5D=b", """# {"a":1,"b":1}""", null),
        ("a nested list in the query", "a", $"GET /counters?{Query}&names[a][b]=a", "! \"names\" parameter is invalid", null),
        ("an unknown name is 0", "a", $"GET /counters?{Query}&names=b,b/c,/", """# {"b":0,"b/c":0,"/":0}""", null),
        ("nobody has 0", "", "GET /counters?collection=$c-nowhere&user=$u-nobody&names=a,_all", """# {"a":0,"_all":0}""", null),
        ("names are trimmed, once, and not empty", "a", $"GET /counters?{Query}&names=+a+,,a,b,", """# {"a":1,"b":0}""", null),
        ("a name may be a number", "1", $$"""GET /counters {{{Both}},"names":1}""", """# {"1":1}""", null),
        ("names may be numbers", "1 2.5", $$"""GET /counters {{{Both}},"names":[1,2.5,true,false,null]}""", """# {"1":1,"2.5":1}""", null),
        ("a listed name may have a comma", "a/b,c", $$"""GET /counters {{{Both}},"names":["a/b,c"]}""", """# {"a/b,c":1}""", null),
        ("segments are whole", "a/1 a/10 a/1/2 ab", $"GET /counters?{Query}&names=a,a/1,a/1/2,a/", """# {"a":3,"a/1":2,"a/1/2":1,"a/":0}""", null),
        ("empty segments", "a/ a//b a", $"GET /counters?{Query}&names=a,a/,a//,a//b", """# {"a":3,"a/":2,"a//":0,"a//b":1}""", null),
        ("an empty list", "a", $$"""GET /counters {{{Both}},"names":[]}""", "! \"names\" parameter must be set", null),
        ("a list of nothing", "a", $$"""GET /counters {{{Both}},"names":["", " "]}""", "! \"names\" parameter must be set", null),
        ("commas alone", "a", $"GET /counters?{Query}&names=,,", "! \"names\" parameter must be set", null),
        ("names as an object", "a", $$"""GET /counters {{{Both}},"names":{"a":1} }""", "! \"names\" parameter is invalid", null),
        ("a list in a list", "a", $$"""GET /counters {{{Both}},"names":["a",["b"]]}""", "! \"names\" parameter is invalid", null),
        ("a thousand names", "a", $"GET /counters?{Query}&names=a,{string.Join(',', Enumerable.Range(0, 999))}", "# a thousand", null),
        ("a thousand and one", "a", $"GET /counters?{Query}&names=a,{string.Join(',', Enumerable.Range(0, 1000))}", "! \"names\" parameter is invalid", null),
        ("counts follow deletions", "a/1 a/2 b", $"DELETE /badges?{Query}&name=a/1", "ok", "b a/2"),
    ];

    public static TheoryData<string> Titles => [.. Cases.Select(each => each.Title)];

    [Theory, MemberData(nameof(Titles))]
    public async Task It_is_so(string title)
    {
        var (_, posted, request, expected, left) = Cases.Single(each => each.Title == title);
        var (collection, user) = (PerfumerBed.New("c"), PerfumerBed.New("u"));
        var names = posted.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        await perfumer.Post(collection, user, names);
        var time = perfumer.Time.GetUtcNow().ToString("yyyy-MM-dd HH:mm:ss");
        string Filled(string text) => text.Replace("$c", collection).Replace("$u", user).Replace("$t", time);

        var parts = Filled(request).Split(' ', 3);
        var reply = await perfumer.Send(parts[0], parts[1], parts.Length == 3 ? parts[2] : null, type: title.Length % 2 == 0 ? "text/plain" : null);

        Check(reply, Filled(expected), parts[0]);
        if (left is not null)
        {
            Assert.Equal(left.Length == 0 ? [] : left.Contains(' ') && names.Length == 0 ? [left] : left.Split(' '), await perfumer.Names(collection, user));
            Assert.Equal((await perfumer.Names(collection, user)).Count, await perfumer.Count(collection, user, "_all"));
        }
    }

    private static void Check(Reply reply, string expected, string method)
    {
        switch (expected)
        {
            case "ok":
                reply.Is(method == "POST" ? 201 : 200, PerfumerBed.Done);
                break;
            case "?":
                reply.Refuses(400);
                break;
            case "# a thousand":
                Assert.Equal(1000, JsonNode.Parse(reply.Body)!["content"]!["counters"]!.AsObject().Count);
                break;
            case ['!', ' ', .. var message]:
                reply.Refuses(400, message);
                break;
            case ['=', ' ', .. var names]:
                Assert.Equal(names.Split(' ', StringSplitOptions.RemoveEmptyEntries), reply.Names);
                break;
            case ['#', ' ', .. var counters]:
                reply.Is(200, "{\"status\":true,\"content\":{\"counters\":" + counters + "}}");
                break;
            default:
                reply.Is(200, expected);
                break;
        }
    }

    [Fact]
    public void The_table_is_long_enough() => Assert.True(Cases.Length >= 80);
}
