"""The proxy in front, if there is one: whom a request comes from, and over what."""

from collections.abc import Iterator
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

Network = IPv4Network | IPv6Network


class BehindProxy:
    """Believe X-Forwarded-For and X-Forwarded-Proto of peers in ``network``, and of no other.

    An empty ``network`` believes nobody.
    """

    def __init__(self, app: ASGIApp, network: str) -> None:
        self.app = app
        self.trusted = ip_network(network) if network else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.trusted and scope["type"] == "http" and _within(_peer(scope), self.trusted):
            _rewrite(scope, self.trusted)
        await self.app(scope, receive, send)


def _rewrite(scope: Scope, trusted: Network) -> None:
    headers = Headers(scope=scope)
    # From the right: each proxy appends the peer it saw, so the first address that is not
    # ours is the last one that nobody else could have written.
    for address in _hops(headers):
        scope["client"] = (address, 0)
        if not _within(address, trusted):
            break
    scheme = headers.get("x-forwarded-proto", "").strip().lower()
    if scheme in {"http", "https"}:
        scope["scheme"] = scheme


def _hops(headers: Headers) -> Iterator[str]:
    listed = ",".join(headers.getlist("x-forwarded-for")).split(",")
    for hop in reversed(listed):
        if not _is_address(hop.strip()):
            return
        yield hop.strip()


def _peer(scope: Scope) -> str:
    client = scope.get("client")
    return str(client[0]) if client else ""


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _within(address: str, network: Network) -> bool:
    return _is_address(address) and ip_address(address) in network
