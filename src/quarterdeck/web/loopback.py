"""Loopback trust: when a request without credential surely comes from this machine itself.

Not from a page of another site in this machine's browser (Origin, Sec-Fetch-Site), not by
a name that somebody else's DNS points here (Host), not through a proxy (Forwarded).
"""

from collections.abc import Iterable, Mapping
from ipaddress import IPv6Address, ip_address

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})
PROXIES_SAY = frozenset({"forwarded", "via", "x-real-ip"})
OWN_SITES = frozenset({"none", "same-origin"})

Headers = Iterable[tuple[str, str]]


def from_here(peer: str, scheme: str, headers: Headers) -> bool:
    """Whether a request of ``peer`` (an address) with ``headers`` (names in lower case) is local.

    Each of these alone refuses: a peer that is not loopback; none or several Host headers,
    or another host than loopback's names; any header that proxies add (Forwarded,
    X-Forwarded-*, Via, X-Real-IP); a Sec-Fetch-Site but ``none`` and
    ``same-origin``; an Origin but this very one.
    """
    by_name = _by_name(headers)
    hosts = by_name.get("host", [])
    return (
        _is_loopback(peer)
        and len(hosts) == 1
        and host_name(hosts[0]) in LOOPBACK_NAMES
        and not any(name in PROXIES_SAY or name.startswith("x-forwarded-") for name in by_name)
        and OWN_SITES.issuperset(by_name.get("sec-fetch-site", []))
        and {f"{scheme}://{hosts[0]}"}.issuperset(by_name.get("origin", []))
    )


def host_name(host: str) -> str:
    """The name in a Host header, in lower case, without its port: ``[::1]:80`` is ``[::1]``."""
    name, colon, port = host.rpartition(":")
    return (name if colon and port.isdigit() else host).lower()


def is_address(host: str) -> bool:
    """Whether ``host`` is an IP address, as it stands in an URL, rather than a name."""
    try:
        ip_address(host.removeprefix("[").removesuffix("]"))
    except ValueError:
        return False
    return True


def _by_name(headers: Headers) -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in headers:
        found.setdefault(name, []).append(value)
    return found


def _is_loopback(peer: str) -> bool:
    try:
        address = ip_address(peer)
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return (mapped or address).is_loopback
