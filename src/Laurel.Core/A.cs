namespace Laurel.Core;
/// <summary>placeholder</summary>
public static class A { }
