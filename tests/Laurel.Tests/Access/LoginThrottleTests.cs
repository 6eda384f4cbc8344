using Laurel.Core.Access;
using Laurel.Tests.Harness;
using Xunit;

namespace Laurel.Tests.Access;

public sealed class LoginThrottleTests
{
    private readonly ManualTime _time = new();
    private readonly LoginThrottle _throttle;

    public LoginThrottleTests() => _throttle = new LoginThrottle(_time);

    [Fact]
    public void Ten_failures_from_one_address_shut_one_name_for_five_minutes()
    {
        Fail("192.0.2.1", "ada", LoginThrottle.PerPair);
        Assert.Equal(LoginThrottle.Window, _throttle.Wait("192.0.2.1", "ada"));
        Assert.Equal(LoginThrottle.Window, _throttle.TryBegin("192.0.2.1", "ada"));
        Assert.Null(_throttle.Wait("192.0.2.1", "grace"));
        Assert.Null(_throttle.Wait("192.0.2.2", "ada"));
        _time.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal(TimeSpan.FromMinutes(3), _throttle.Wait("192.0.2.1", "ada"));
        _time.Advance(TimeSpan.FromMinutes(3));
        Assert.Null(_throttle.Wait("192.0.2.1", "ada"));
    }

    [Fact]
    public void An_address_that_fails_with_many_names_is_shut_for_all_but_those_it_knows()
    {
        Succeed("192.0.2.1", "ada");
        for (var i = 0; i < LoginThrottle.PerAddress; i++)
        {
            Fail("192.0.2.1", $"name {i}");
        }
        Assert.NotNull(_throttle.Wait("192.0.2.1", "another"));
        Assert.NotNull(_throttle.Wait("::ffff:192.0.2.1", "another"));
        Assert.Null(_throttle.Wait("192.0.2.1", "ada"));
        Assert.Null(_throttle.Wait("192.0.2.2", "another"));
    }

    [Fact]
    public void A_name_under_attack_from_everywhere_still_logs_in_from_where_it_did()
    {
        Succeed("192.0.2.1", "ada");
        for (var i = 0; i < LoginThrottle.PerName; i++)
        {
            Fail($"198.51.100.{i}", "ada");
        }
        Assert.NotNull(_throttle.Wait("203.0.113.1", "ada"));
        Assert.Null(_throttle.Wait("192.0.2.1", "ada"));
        Assert.Null(_throttle.Wait("203.0.113.1", "grace"));
        // What is known has a limit of its own.
        Fail("192.0.2.1", "ada", LoginThrottle.PerPair);
        Assert.NotNull(_throttle.Wait("192.0.2.1", "ada"));
    }

    [Fact]
    public void The_addresses_of_one_network_are_one()
    {
        for (var i = 0; i < LoginThrottle.PerPair; i++)
        {
            Fail($"2001:db8:0:1::{i:x}", "ada");
        }
        Assert.NotNull(_throttle.Wait("2001:db8:0:1:ffff::1", "ada"));
        Assert.Null(_throttle.Wait("2001:db8:0:2::1", "ada"));
    }

    [Fact]
    public void What_succeeds_or_is_given_back_is_no_failure()
    {
        for (var i = 0; i < 100; i++)
        {
            Succeed("192.0.2.1", "ada");
            Assert.Null(_throttle.TryBegin("192.0.2.1", "ada"));
            _throttle.GiveBack("192.0.2.1", "ada");
        }
        Fail("192.0.2.1", "ada", LoginThrottle.PerPair - 1);
        Succeed("192.0.2.1", "ada");
        Assert.Null(_throttle.Wait("192.0.2.1", "ada"));
        Fail("192.0.2.1", "ada");
        Assert.NotNull(_throttle.Wait("192.0.2.1", "ada"));
    }

    [Fact]
    public void What_is_over_is_forgotten()
    {
        for (var minute = 0; minute < 60; minute++)
        {
            for (var i = 0; i < 500; i++)
            {
                Fail($"10.{minute}.{i / 250}.{i % 250}", $"name {i}");
            }
            _time.Advance(TimeSpan.FromMinutes(1));
        }
        // 1,000 a minute for an address and with a name, and the 500 names.
        Assert.InRange(_throttle.Counts, 1, 2 * 6 * 1500);
    }

    private void Fail(string address, string name, int times = 1)
    {
        for (var i = 0; i < times; i++)
        {
            Assert.Null(_throttle.TryBegin(address, name));
        }
    }

    private void Succeed(string address, string name)
    {
        Assert.Null(_throttle.TryBegin(address, name));
        _throttle.Succeeded(address, name);
    }
}
