"""Calls to addresses that people have told us: over TLS, to the public Internet, and nowhere else. (OPS-10)

A name is looked up once and the connection goes to the very address that was checked, so a name that answers otherwise
a moment later gains nothing. That holds for every connect, whatever led to it. Redirects are for the caller to follow,
by asking again.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterable, Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final
from urllib.parse import urlsplit

import httpcore
import httpx

Address = IPv4Address | IPv6Address
Lookup = Callable[[str, int], Awaitable[Sequence[str]]]
_NAT64: Final = IPv6Network("64:ff9b::/96")
_SIX_TO_FOUR: Final = IPv6Network("2002::/16")
PORTS: Final = frozenset({443, 8443})


class PrivateAddress(httpx.ConnectError):
    """The name leads to a machine that is nobody's business from here."""


def is_public(address: Address) -> bool:
    """Also looks through the forms in which an IPv6 address carries an IPv4 one."""
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
        if inner is None and (address in _NAT64 or int(address) >> 32 == 0):
            inner = IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None and not is_public(inner):
            return False
        if address in _SIX_TO_FOUR or address.is_site_local:
            return False
    return address.is_global and not address.is_multicast and not address.is_reserved and not address.is_unspecified


def is_fetchable(url: str) -> bool:
    """As far as one can tell without looking a name up: https, a host, no password in it, a usual port."""
    try:
        parts = urlsplit(url)
        port = parts.port or 443
    except ValueError:
        return False
    if parts.scheme != "https" or not parts.hostname or parts.username or parts.password or port not in PORTS:
        return False
    try:
        return is_public(ip_address(parts.hostname))
    except ValueError:
        return "." in parts.hostname.strip(".")


async def look_up(host: str, port: int) -> Sequence[str]:
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[0]) for _, _, _, _, address in found]


class PublicOnly(httpcore.AsyncNetworkBackend):
    """``allowed``: for tests, which have no public address."""

    def __init__(self, look_up: Lookup = look_up, allowed: Callable[[Address], bool] = is_public) -> None:
        self._look_up, self._allowed = look_up, allowed
        self._inner = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's own signature
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        try:
            async with asyncio.timeout(timeout):
                found = [ip_address(text.partition("%")[0]) for text in await self._look_up(host, port)]
        except (OSError, TimeoutError, ValueError, UnicodeError) as error:
            raise httpcore.ConnectError(f"{host} is not known") from error
        if not found or not all(self._allowed(address) for address in found):
            raise PrivateAddress(f"{host} is not on the public Internet")
        return await self._inner.connect_tcp(str(found[0]), port, timeout, local_address, socket_options)

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's own signature
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        raise PrivateAddress("there are no sockets of this machine on the public Internet")

    async def sleep(self, seconds: float) -> None:
        await self._inner.sleep(seconds)


def public_client(backend: PublicOnly | None = None, *, timeout_s: float = 10.0) -> httpx.AsyncClient:
    """Follows no redirects, believes no proxy of the environment, keeps no cookies worth the name."""
    transport = httpx.AsyncHTTPTransport(retries=0)
    transport._pool = httpcore.AsyncConnectionPool(  # the one way to hand httpx a network backend
        ssl_context=httpx.create_ssl_context(),
        max_connections=20,
        max_keepalive_connections=0,
        network_backend=backend or PublicOnly(),
    )
    return httpx.AsyncClient(
        transport=transport, timeout=httpx.Timeout(timeout_s, connect=5.0), follow_redirects=False, trust_env=False
    )
