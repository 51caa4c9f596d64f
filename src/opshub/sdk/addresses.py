"""Which network addresses the hub may reach."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

__all__ = ["may_reach"]

RESERVED = tuple(
    ip_network(text)
    for text in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
        "2001::/23",
        "2001:db8::/32",
        "2002::/16",
        "3fff::/20",
    )
)
"""What ``ipaddress`` of some Python versions calls global, and is not: the IANA registries' special ranges."""

OWN_NETWORKS = tuple(
    ip_network(text)
    for text in (
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "::1/128",
        "fc00::/7",
    )
)
"""Where an admin's own servers stand. Link-local is not among them: cloud machines give their keys away there."""

GLOBAL_IPV6 = IPv6Network("2000::/3")
TRANSLATED = IPv6Network("64:ff9b::/96")


def may_reach(address: str, *, private: bool = False) -> bool:
    """Whether a resolved address is public, or, with ``private``, one of an admin's own network.

    Addresses that carry an IPv4 address inside are judged by that one. What is no address is refused.
    """
    try:
        found = _inner(ip_address(address.partition("%")[0]))
    except ValueError:
        return False
    if private and any(found in network for network in OWN_NETWORKS):
        return True
    if any(found in network for network in RESERVED):
        return False
    return found in GLOBAL_IPV6 if isinstance(found, IPv6Address) else found.is_global


def _inner(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return IPv4Address(int(address) & 0xFFFFFFFF) if address in TRANSLATED else address
