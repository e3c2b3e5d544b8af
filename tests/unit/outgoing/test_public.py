"""Addresses that people tell us lead to the public Internet or nowhere. (OPS-10, DISC-06)"""

import threading
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler, HTTPServer
from ipaddress import ip_address

import httpx
import pytest

from adapters.outgoing.public import PrivateAddress, PublicOnly, is_fetchable, is_public, public_client


@pytest.mark.parametrize(
    "text",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",  # noqa: S104
        "224.0.0.1",
        "255.255.255.255",
        "198.18.0.1",
        "::1",
        "::",
        "fe80::1",
        "fc00::1",
        "fec0::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::127.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "2002:a00:1::",
    ],
)
def test_machines_of_ours_and_of_nobody_are_not_public(text: str) -> None:
    assert not is_public(ip_address(text))


@pytest.mark.parametrize("text", ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "2a00:1450:4001::200e"])
def test_machines_of_the_internet_are(text: str) -> None:
    assert is_public(ip_address(text))


@pytest.mark.parametrize(
    ("url", "good"),
    [
        ("https://calendar.google.com/calendar/ical/x/basic.ics", True),
        ("https://cloud.example:8443/feed.ics", True),
        ("http://calendar.example/x.ics", False),
        ("ftp://calendar.example/x.ics", False),
        ("file:///etc/passwd", False),
        ("https://user:password@calendar.example/x.ics", False),
        ("https://localhost/x.ics", False),
        ("https://intranet/x.ics", False),
        ("https://127.0.0.1/x.ics", False),
        ("https://[::1]/x.ics", False),
        ("https://169.254.169.254/latest/meta-data", False),
        ("https://calendar.example:22/", False),
        ("https://calendar.example:99999/", False),
        ("https://[broken/", False),
        ("", False),
    ],
)
def test_what_can_be_told_from_an_address_alone(url: str, good: bool) -> None:
    assert is_fetchable(url) is good


def answering(*addresses: str) -> PublicOnly:
    async def look_up(host: str, port: int) -> Sequence[str]:
        return addresses

    return PublicOnly(look_up)


@pytest.mark.parametrize("addresses", [("127.0.0.1",), ("8.8.8.8", "10.0.0.1"), ("::ffff:169.254.169.254",), ()])
async def test_a_name_that_leads_inside_is_not_connected_to(addresses: Sequence[str]) -> None:
    async with public_client(answering(*addresses)) as client:
        with pytest.raises(PrivateAddress):
            await client.get("https://rebinding.example/x.ics")


@pytest.fixture
def inside() -> Iterator[int]:
    """A machine of ours that must not be reached."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"secret")

        def log_message(self, format: str, *args: object) -> None:
            """Quietly."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    thread.join()
    server.server_close()


async def test_the_address_that_was_checked_is_the_one_that_is_reached(inside: int) -> None:
    asked = []

    async def look_up(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        return ["127.0.0.1"]

    async with public_client(PublicOnly(look_up, allowed=lambda address: True)) as client:
        answer = await client.get(f"http://name.example:{inside}/")

    assert answer.text == "secret"
    assert asked == ["name.example"]


async def test_the_machine_itself_is_out_of_reach(inside: int) -> None:
    async with public_client() as client:
        for host in ("127.0.0.1", "localhost", "0.0.0.0", "[::1]", "[::ffff:127.0.0.1]"):  # noqa: S104
            with pytest.raises(httpx.ConnectError):
                await client.get(f"http://{host}:{inside}/")
