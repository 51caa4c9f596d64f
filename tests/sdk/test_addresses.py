"""Which addresses are reached."""

from __future__ import annotations

import pytest

from opshub.sdk.addresses import may_reach

PUBLIC = [
    "93.184.216.34",
    "8.8.8.8",
    "2606:2800:220:1:248:1893:25c8:1946",
    "64:ff9b::8.8.8.8",
    "::ffff:8.8.8.8",
]
OWN = [
    "127.0.0.1",
    "127.9.9.9",
    "10.1.2.3",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "100.64.0.1",
    "::1",
    "fd00::1",
]
NEVER = [
    "0.0.0.0",
    "0.1.2.3",
    "169.254.169.254",
    "192.0.0.8",
    "192.0.2.1",
    "192.88.99.1",
    "198.18.0.1",
    "198.51.100.7",
    "203.0.113.9",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "fe80::1",
    "fe80::1%eth0",
    "ff02::1",
    "2001:db8::1",
    "2001::1",
    "2002:7f00:1::",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1",
    "::ffff:169.254.169.254",
    "fec0::1",
    "100::1",
    "",
    "localhost",
    "999.1.1.1",
]


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_reached(address: str) -> None:
    assert may_reach(address)
    assert may_reach(address, private=True)


@pytest.mark.parametrize("address", [*OWN, "64:ff9b::7f00:1", "::ffff:127.0.0.1"])
def test_an_own_network_is_reached_where_the_admin_says_so(address: str) -> None:
    assert not may_reach(address)
    assert may_reach(address, private=True)


@pytest.mark.parametrize("address", NEVER)
def test_some_addresses_are_never_reached(address: str) -> None:
    assert not may_reach(address)
    assert not may_reach(address, private=True)
