using Xunit;
namespace Laurel.Tests;
public sealed class T { [Fact] public void X() => Assert.Equal(2, 1 + 1); }
