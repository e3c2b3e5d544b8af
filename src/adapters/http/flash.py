"""A sentence for the next page, after a redirect: signed, in a cookie, shown once."""

import base64
import hashlib
import hmac
from typing import Literal

import msgspec
from litestar.datastructures import Cookie
from litestar.response import Redirect

from adapters.http.config import HttpConfig
from adapters.http.requests import Connection, config_of

Kind = Literal["done", "notice", "problem"]


class Flash(msgspec.Struct, frozen=True):
    kind: Kind
    text: str


def _sign(config: HttpConfig, packed: str) -> str:
    return hmac.new(config.secret.encode(), f"flash:{packed}".encode(), hashlib.sha256).hexdigest()[:32]


def flash_cookie(config: HttpConfig, flash: Flash) -> Cookie:
    packed = base64.urlsafe_b64encode(msgspec.json.encode(flash)).rstrip(b"=").decode()
    return Cookie(
        key=config.flash_cookie,
        value=f"{packed}.{_sign(config, packed)}",
        path="/",
        max_age=120,
        secure=config.secure,
        httponly=True,
        samesite="lax",
    )


def flash_of(request: Connection) -> Flash | None:
    config = config_of(request)
    packed, _, signature = request.cookies.get(config.flash_cookie, "").partition(".")
    if not packed or not hmac.compare_digest(signature.encode(), _sign(config, packed).encode()):
        return None
    return msgspec.json.decode(base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4)), type=Flash)


def redirect(request: Connection, path: str, text: str = "", kind: Kind = "done") -> Redirect:
    """After a form: 303 to ``path``, which shows ``text`` once."""
    cookies = [flash_cookie(config_of(request), Flash(kind, text))] if text else []
    return Redirect(path, status_code=303, cookies=cookies)


def local_path(path: str | None, default: str) -> str:
    """``path`` when it stays on this site, else ``default``: nobody is sent elsewhere by a link of ours."""
    if not path or not path.startswith("/") or path.startswith(("//", "/\\")) or not path.isprintable():
        return default
    return path
