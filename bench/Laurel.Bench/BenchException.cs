namespace Laurel.Bench;

/// <summary>The run cannot go on, for a reason its reader can act on.</summary>
internal sealed class BenchException(string message) : Exception(message);
