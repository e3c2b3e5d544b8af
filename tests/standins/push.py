"""A push service and the browsers behind it: refuses what RFC 8030, 8188, 8291 and 8292 refuse, and reads what it gets.

``PushService.browser()`` is a browser that has subscribed. The service speaks plain HTTP on this machine; ``PushRoad``
brings calls for ``https://fcm.googleapis.com`` and the like to it.
"""

import base64
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
import jwt
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from domain.notification.push import PushAddress

HOST: Final = "fcm.googleapis.com"
_TOPIC: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


def written(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def plain(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Browser:
    """``seen``: by tag, as a browser shows them: the same tag replaces. ``gone``: it unsubscribed."""

    def __init__(self, name: str) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._auth = name.encode().ljust(16, b"-")[:16]
        self.name, self.gone = name, False
        self.seen: dict[str, dict[str, Any]] = {}

    @property
    def public(self) -> bytes:
        return self._key.public_key().public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        )

    @property
    def address(self) -> PushAddress:
        return PushAddress(
            endpoint=f"https://{HOST}/fcm/send/{self.name}", p256dh=written(self.public), auth=written(self._auth)
        )

    def open(self, body: bytes) -> bytes:
        """RFC 8291, from the receiving side. Raises for anything that is not meant for this browser."""
        salt, size, length = body[:16], int.from_bytes(body[16:20], "big"), body[20]
        sender, sealed = body[21 : 21 + length], body[21 + length :]
        if length != 65 or size < 18 or len(sealed) > size:
            raise ValueError("not one record under an uncompressed point")
        shared = self._key.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), sender))
        secret = _derived(shared, self._auth, b"WebPush: info\x00" + self.public + sender, 32)
        key = _derived(secret, salt, b"Content-Encoding: aes128gcm\x00", 16)
        nonce = _derived(secret, salt, b"Content-Encoding: nonce\x00", 12)
        padded = AESGCM(key).decrypt(nonce, sealed, None).rstrip(b"\x00")
        if not padded.endswith(b"\x02"):
            raise ValueError("the last record ends with 2")
        return padded[:-1]


def _derived(secret: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=length, salt=salt, info=info).derive(secret)


class PushService:
    """``violations``: what no application server may send."""

    def __init__(self, application_key: str) -> None:
        self.application_key = application_key
        self.browsers: dict[str, Browser] = {}
        self.violations: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.url = ""

    def browser(self, name: str = "phone") -> Browser:
        self.browsers[name] = Browser(name)
        return self.browsers[name]

    def take(self, path: str, headers: dict[str, str], body: bytes) -> int:
        browser = self.browsers.get(path.rpartition("/")[2])
        if browser is None:
            return 404
        if browser.gone:
            return 410
        self.headers.append(headers)
        before = len(self.violations)
        self._check(headers, body)
        if len(self.violations) > before:
            return 400
        try:
            told = json.loads(browser.open(body))
        except Exception as error:  # noqa: BLE001 - whatever it is, the browser could not read it
            self.violations.append(f"cannot be read: {type(error).__name__}")
            return 400
        browser.seen[told["tag"]] = told
        return 201

    def _check(self, headers: dict[str, str], body: bytes) -> None:
        if headers.get("content-encoding") != "aes128gcm":
            self.violations.append("Content-Encoding must be aes128gcm")
        if not headers.get("ttl", "").isdigit():
            self.violations.append("TTL is missing or no number")
        if headers.get("urgency", "normal") not in {"very-low", "low", "normal", "high"}:
            self.violations.append("Urgency is none")
        if (topic := headers.get("topic")) and (len(topic) > 32 or set(topic) - _TOPIC):
            self.violations.append("Topic is longer than 32 or not URL-safe")
        if len(body) > 4096:
            self.violations.append("longer than 4096")
        self._check_vapid(headers.get("authorization", ""))

    def _check_vapid(self, given: str) -> None:
        scheme, _, rest = given.partition(" ")
        parts = dict(part.strip().split("=", 1) for part in rest.split(",") if "=" in part)
        if scheme != "vapid" or parts.get("k") != self.application_key:
            self.violations.append("not the key that the browser subscribed with")
            return
        point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), plain(parts["k"]))
        try:
            claims = jwt.decode(parts["t"], point, algorithms=["ES256"], audience=f"https://{HOST}")
        except jwt.PyJWTError as error:
            self.violations.append(f"token: {type(error).__name__}")
            return
        if claims["exp"] > time.time() + 86400:
            self.violations.append("exp is more than 24 hours ahead")
        if not str(claims.get("sub", "")).startswith(("mailto:", "https:")):
            self.violations.append("sub is no contact")


class PushRoad(httpx.AsyncBaseTransport):
    """To wherever ``url`` is, with the address that was asked for kept in its path. ``url`` may change."""

    def __init__(self, url: str) -> None:
        self.url, self.asked = url, list[str]()
        self._inner = httpx.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(str(request.url))
        here = urlsplit(self.url)
        request.url = request.url.copy_with(scheme="http", host=here.hostname, port=here.port)
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        await self._inner.aclose()


@contextmanager
def push_service(application_key: str) -> Iterator[PushService]:
    service = PushService(application_key)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            self.send_response(service.take(self.path, headers, body))
            self.send_header("content-length", "0")
            self.send_header("location", "https://push.example/message/1")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    service.url = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield service
    finally:
        server.shutdown()
        server.server_close()
