using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Laurel.Tests.Harness;

/// <summary>A certificate authority that lives for one test run. Its leaf speaks for every host a Roblox client
/// calls and for this machine; a client trusts it through <see cref="PemFile"/> (for Node: <c>NODE_EXTRA_CA_CERTS</c>),
/// so that TLS is verified in full and nothing on the machine is changed.</summary>
internal sealed class TestAuthority : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("laurel-ca-");

    public TestAuthority()
    {
        // An hour back, a day ahead: clocks of processes on one machine agree, time zones do not matter.
        var now = TimeProvider.System.GetUtcNow();
        var (from, to) = (now.AddHours(-1), now.AddDays(1));

        using var rootKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var root = new CertificateRequest("CN=Laurel test authority", rootKey, HashAlgorithmName.SHA256);
        root.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 0, true));
        root.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        root.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(root.PublicKey, false));
        using var authority = root.CreateSelfSigned(from, to);

        using var leafKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var leaf = new CertificateRequest("CN=roblox.com", leafKey, HashAlgorithmName.SHA256);
        leaf.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        leaf.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        leaf.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], false));
        leaf.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(authority, true, false));
        leaf.CertificateExtensions.Add(Names());
        using var signed = leaf.Create(authority, from, to, RandomNumberGenerator.GetBytes(16));
        using var withKey = signed.CopyWithPrivateKey(leafKey);

        // Through PKCS#12, because TLS on Windows refuses a key that was never stored.
        Leaf = X509CertificateLoader.LoadPkcs12(withKey.Export(X509ContentType.Pkcs12), null);
        PemFile = Path.Combine(_folder.FullName, "authority.pem");
        File.WriteAllText(PemFile, authority.ExportCertificatePem());
    }

    /// <summary>For roblox.com, *.roblox.com, localhost and the loopback addresses, with its private key.</summary>
    public X509Certificate2 Leaf { get; }

    /// <summary>The authority's own certificate as a PEM file. It disappears with this object.</summary>
    public string PemFile { get; }

    public void Dispose()
    {
        Leaf.Dispose();
        _folder.Delete(recursive: true);
    }

    private static X509Extension Names()
    {
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("roblox.com");
        names.AddDnsName("*.roblox.com");
        names.AddDnsName("localhost");
        names.AddIpAddress(IPAddress.Loopback);
        names.AddIpAddress(IPAddress.IPv6Loopback);
        return names.Build();
    }
}
