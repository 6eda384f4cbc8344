using Laurel.Core;
using Microsoft.AspNetCore.Http.Features;

namespace Laurel.Server.Admin;

/// <summary>What was sent with a form, and what is wrong with it, by field. Empty for a page that was only asked for.</summary>
public sealed class AdminForm
{
    internal const string TokenName = "token";

    /// <summary>The field that says what the form was made from: which revision, or what was updated when.</summary>
    public const string AsOf = "asOf";

    /// <summary>The place of what is wrong with the form as a whole.</summary>
    public const string Whole = "";

    private readonly IFormCollection? _sent;
    private readonly Dictionary<string, string> _errors = [];

    internal AdminForm(IFormCollection? sent) => _sent = sent;

    /// <summary>Whether a form was sent.</summary>
    public bool IsSent => _sent is not null;

    public bool HasErrors => _errors.Count > 0;

    /// <summary>A field without the spaces around it; empty where it was not sent.</summary>
    public string this[string name] => _sent?[name].ToString().Trim() ?? "";

    /// <summary>A field as it was sent, spaces and all: passwords.</summary>
    public string Exact(string name) => _sent?[name].ToString() ?? "";

    /// <summary>A field; null where it is empty.</summary>
    public string? Text(string name) => this[name] is { Length: > 0 } text ? text : null;

    /// <summary>All values of a field that may be there more than once.</summary>
    public IReadOnlyList<string> All(string name) => _sent is null ? [] : [.. _sent[name].Where(value => value is not null).Select(value => value!)];

    public bool IsChecked(string name) => this[name].Length > 0;

    /// <summary>A number; null, and an error, where it is none; null where it is empty.</summary>
    public long? Number(string name, AdminCall call)
    {
        if (Text(name) is not { } text)
        {
            return null;
        }
        if (long.TryParse(text, System.Globalization.NumberStyles.AllowLeadingSign, System.Globalization.CultureInfo.InvariantCulture, out var number))
        {
            return number;
        }
        Wrong(name, call.Reader["admin.form.number"]);
        return null;
    }

    /// <summary>An id; null, and an error, where it is none; null where it is empty.</summary>
    public long? Id(string name, AdminCall call)
    {
        if (Text(name) is not { } text)
        {
            return null;
        }
        if (TextRules.TryCanonicalId(text, out var id))
        {
            return id;
        }
        Wrong(name, call.Reader["admin.form.id"]);
        return null;
    }

    public IFormFile? File(string name) => _sent?.Files[name] is { Length: > 0 } file ? file : null;

    /// <summary>What is wrong with a field, or with the form (<see cref="Whole"/>).</summary>
    public string? Error(string name) => _errors.GetValueOrDefault(name);

    public void Wrong(string name, string message) => _errors.TryAdd(name, message);

    internal static async ValueTask<AdminForm> Read(HttpContext context)
    {
        if (!context.Request.HasFormContentType)
        {
            throw new Http.BadRequestException("A form is sent as application/x-www-form-urlencoded or multipart/form-data.", StatusCodes.Status415UnsupportedMediaType);
        }
        try
        {
            return new AdminForm(await context.Request.ReadFormAsync(new FormOptions { ValueCountLimit = 1000, KeyLengthLimit = 200 }, context.RequestAborted));
        }
        catch (InvalidDataException)
        {
            throw new Http.BadRequestException("The form cannot be read.");
        }
    }
}
