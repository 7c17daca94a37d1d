"""Where webhooks may go: the public internet, and networks that a setting names.

Who may add a webhook chooses its address. Without this the server would ask what only the
server can reach: a cloud's metadata service, a database's port, this installation itself.
"""

from collections.abc import Iterable, Sequence
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from socket import SOCK_STREAM, gaierror, getaddrinfo

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052: the last 32 bits are an IPv4 address
NEVER = tuple(
    IPv6Network(one)
    for one in (
        "fec0::/10",  # site-local, which RFC 3879 gave up
        "64:ff9b:1::/48",  # RFC 8215: translated within a network
        "::/96",  # RFC 4291: IPv4-compatible, given up there
        "::ffff:0:0:0/96",  # RFC 2765: translated
    )
)
"""What Python takes for public, and leads inside."""

IPV4_BITS = 0xFFFFFFFF


class Unreachable(Exception):
    """The address may not be asked, or there is none."""


def networks_of(said: str) -> Sequence[Network]:
    """The networks in a setting, parted by commas."""
    return tuple(ip_network(one.strip(), strict=False) for one in said.split(",") if one.strip())


def resolved(
    host: str, port: int, allowed: Iterable[Network], setting: str = "webhook_networks"
) -> list[str]:
    """The addresses of ``host``, asked for once: connect to these, or a second answer may differ.

    Raises:
        Unreachable: there is none, or one of them is neither public nor ``allowed``.
    """
    try:
        found = getaddrinfo(host, port, type=SOCK_STREAM)
    except (gaierror, UnicodeError) as error:
        raise Unreachable(f"{host} has no address: {error}") from error
    addresses = list(dict.fromkeys(str(one[4][0]).partition("%")[0] for one in found))
    among = tuple(allowed)
    for one in addresses:
        if not may_reach(ip_address(one), among):
            raise Unreachable(
                f"{host} is {one}, which is not public; allow it by the setting {setting}"
            )
    return addresses


def may_reach(address: Address, allowed: Iterable[Network]) -> bool:
    """Whether ``address``, or the one inside it, is public or in an ``allowed`` network."""
    if is_named(address, allowed):
        return True
    meant = _inner(address)
    inside = isinstance(meant, IPv6Address) and any(meant in one for one in NEVER)
    return meant.is_global and not meant.is_multicast and not inside


def is_named(address: Address, allowed: Iterable[Network]) -> bool:
    """Whether ``address``, or the one inside it, is in an ``allowed`` network."""
    meant = {address, _inner(address)}
    return any(
        one.version == network.version and one in network for one in meant for network in allowed
    )


def _inner(address: Address) -> Address:
    """The IPv4 address that an IPv6 one leads to; itself where it leads to none."""
    if isinstance(address, IPv4Address):
        return address
    if address in NAT64:
        return IPv4Address(int(address) & IPV4_BITS)
    return address.ipv4_mapped or address.sixtofour or address
