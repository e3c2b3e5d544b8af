"""Where a request comes from, as far as that can be known. (API-02, ID-14)"""

from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

from litestar.datastructures import Headers
from litestar.types import Scope

from adapters.http.requests import Connection, config_of


def client_address(scope: Scope, trusted: tuple[str, ...]) -> str:
    """The peer's address; behind trusted proxies the nearest one in ``X-Forwarded-For`` that is not theirs. What
    stands further left in that header anybody can have written.
    """
    client = scope.get("client")
    peer = client[0] if client else ""
    if not trusted or not _is_trusted(peer, trusted):
        return peer
    hops = [hop.strip() for hop in Headers.from_scope(scope).get("x-forwarded-for", "").split(",") if hop.strip()]
    for hop in reversed(hops):
        if not _is_trusted(hop, trusted):
            return hop if _parsed(hop) is not None else peer
    return hops[0] if hops else peer


def counted_address(scope: Scope, trusted: tuple[str, ...]) -> str:
    """What limits are counted by: of an IPv6 address its /64, since whoever has one address there has them all."""
    address = client_address(scope, trusted)
    parsed = _parsed(address)
    if isinstance(parsed, IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(IPv6Network((parsed, 64), strict=False))
    return address


def address_of(request: Connection) -> str:
    return counted_address(request.scope, config_of(request).trusted_proxies)


def is_within(address: str, networks: tuple[str, ...]) -> bool:
    return _is_trusted(address, networks)


@lru_cache(maxsize=4096)
def _is_trusted(address: str, trusted: tuple[str, ...]) -> bool:
    parsed = _parsed(address)
    return parsed is not None and any(parsed in ip_network(network, strict=False) for network in trusted)


@lru_cache(maxsize=4096)
def _parsed(address: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(address)
    except ValueError:
        return None
