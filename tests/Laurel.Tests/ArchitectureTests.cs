using System.Reflection;
using System.Text.RegularExpressions;
using Laurel.Core;
using Laurel.Server;
using Xunit;

namespace Laurel.Tests;

/// <summary>The arrow of ARCHITECTURE.md, where the compiler does not hold it: dialect → core operation → store.</summary>
public sealed partial class ArchitectureTests
{
    private static readonly string Source = Path.GetFullPath(Path.Combine(
        typeof(ArchitectureTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(each => each.Key == "LaurelContentRoot").Value!, ".."));

    [Fact]
    public void Core_knows_nothing_of_the_web() =>
        Assert.DoesNotContain(
            typeof(LaurelCore).Assembly.GetReferencedAssemblies(),
            reference => reference.Name!.StartsWith("Microsoft.AspNetCore", StringComparison.Ordinal) || reference.Name == typeof(ServerOptions).Assembly.GetName().Name);

    [Fact]
    public void The_server_reaches_no_database_by_itself() =>
        Assert.DoesNotContain(
            typeof(ServerOptions).Assembly.GetReferencedAssemblies(),
            reference => reference.Name is "Npgsql" or "Dapper" or "Microsoft.Data.Sqlite" || reference.Name!.StartsWith("SQLitePCLRaw", StringComparison.Ordinal));

    [Fact]
    public void No_sql_is_outside_core() =>
        Assert.DoesNotContain(Files("Laurel.Server"), file => Sql().IsMatch(File.ReadAllText(file)));

    [Fact]
    public void No_dialect_names_another()
    {
        var surfaces = Directory.GetDirectories(Path.Combine(Source, "Laurel.Server", "Dialects")).Append(Path.Combine(Source, "Laurel.Server", "Native"))
            .ToDictionary(folder => folder, folder => folder.Contains("Dialects", StringComparison.Ordinal) ? $"Dialects.{Path.GetFileName(folder)}" : "Server.Native");
        foreach (var (folder, own) in surfaces)
        {
            foreach (var file in Directory.GetFiles(folder, "*.cs", SearchOption.AllDirectories))
            {
                var text = File.ReadAllText(file);
                Assert.DoesNotContain(surfaces.Values.Where(other => other != own), other => text.Contains(other, StringComparison.Ordinal));
            }
        }
    }

    [Fact]
    public void Only_the_storage_folder_and_the_ledgers_stores_know_the_engines() =>
        Assert.DoesNotContain(
            Files("Laurel.Core").Where(file => !file.Contains($"{Path.DirectorySeparatorChar}Storage{Path.DirectorySeparatorChar}", StringComparison.Ordinal)
                && !file.EndsWith("LedgerStore.cs", StringComparison.Ordinal)),
            file => Engines().IsMatch(File.ReadAllText(file)));

    private static IEnumerable<string> Files(string project) =>
        Directory.GetFiles(Path.Combine(Source, project), "*.cs", SearchOption.AllDirectories)
            .Where(file => !file.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal));

    [GeneratedRegex(@"""\s*(SELECT\s+\w|INSERT\s+INTO\s|UPDATE\s+\w+\s+SET\s|DELETE\s+FROM\s)", RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex Sql();

    [GeneratedRegex(@"using (Npgsql|Microsoft\.Data\.Sqlite|SQLitePCL)", RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex Engines();
}
