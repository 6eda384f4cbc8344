using System.Xml.Linq;
using Laurel.Core;
using Laurel.Server.Pages;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.DataProtection.Repositories;

namespace Laurel.Server.Admin;

/// <summary>The administration's pages: everything that they do, they ask of the core as the native API does, as whoever signed in. See
/// docs/admin.md.</summary>
internal static class AdminApi
{
    private const string FormCookie = "__Host-laurel-form";

    public static void AddAdmin(this IServiceCollection services)
    {
        services.AddAntiforgery(forms =>
        {
            forms.FormFieldName = AdminForm.TokenName;
            forms.HeaderName = null;
            forms.Cookie = new HostCookie { Name = FormCookie, HttpOnly = true, SameSite = SameSiteMode.Strict, Path = "/", IsEssential = true };
            forms.SuppressXFrameOptionsHeader = true;
        });
        services.AddDataProtection().SetApplicationName("laurel");
        services.AddOptions<KeyManagementOptions>().Configure<LaurelCore>((keys, core) => keys.XmlRepository = new FormKeyRepository(core));
        services.AddSingleton<AdminServices>();
    }

    public static void MapAdmin(this IEndpointRouteBuilder routes)
    {
        SignInPages.Map(routes);
        RulePages.Map(routes);
        RulePastPages.Map(routes);
        BackfillPages.Map(routes);
        ExplainPages.Map(routes);
        ActionPages.Map(routes);
        ActionTypePages.Map(routes);
        DashboardPages.Map(routes);
        AwardsPages.Map(routes);
        AdminStream.Map(routes);
        JobsPages.Map(routes);
        SettingsPages.Map(routes);
        HealthPages.Map(routes);
        BadgePages.Map(routes);
        IssuerPages.Map(routes);
        UserPages.Map(routes);
        UserAwardPages.Map(routes);
        KeyPages.Map(routes);
    }

    /// <summary>Sent over HTTPS only, which browsers hold loopback addresses to be as good as; so it says Secure whatever it is sent over.</summary>
    private sealed class HostCookie : CookieBuilder
    {
        public override CookieOptions Build(HttpContext context, DateTimeOffset expiresFrom)
        {
            var options = base.Build(context, expiresFrom);
            options.Secure = true;
            return options;
        }
    }

    /// <summary>The key ring in the database. The framework reads it seldom, and waits for it.</summary>
    private sealed class FormKeyRepository(LaurelCore core) : IXmlRepository
    {
        public IReadOnlyCollection<XElement> GetAllElements() =>
            [.. Task.Run(core.FormKeys.All).GetAwaiter().GetResult().Select(xml => XElement.Parse(xml))];

        public void StoreElement(XElement element, string friendlyName) =>
            Task.Run(() => core.FormKeys.Add(friendlyName, element.ToString(SaveOptions.DisableFormatting))).GetAwaiter().GetResult();
    }
}

/// <summary>What every call to the administration needs.</summary>
internal sealed record AdminServices(PageServices Pages, IAntiforgery Forms, ServerOptions Options);
