"""The mail server, as it is written in a setting."""

from typing import Final, Literal, cast, get_args
from urllib.parse import parse_qsl, unquote, urlsplit

import msgspec

Tls = Literal["starttls", "implicit", "none"]
USUAL_PORTS: Final[dict[str, int]] = {"starttls": 587, "implicit": 465, "none": 25}


class SmtpServer(msgspec.Struct, frozen=True, kw_only=True):
    """``tls``: "starttls" insists on it. "none" is for a server on the same machine."""

    host: str
    port: int
    tls: Tls
    user: str = ""
    password: str = ""


def read_smtp(url: str) -> SmtpServer | None:
    """``smtp://user:password@host:587?tls=starttls``; None for an empty text. Raises ValueError with a reason that
    shows no secret.
    """
    if not url:
        return None
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError("is not an address") from None
    told = dict(parse_qsl(parts.query, keep_blank_values=True))
    tls = told.pop("tls", "starttls")
    if parts.scheme != "smtp" or not parts.hostname or parts.path.strip("/") or told:
        raise ValueError("should look like smtp://user:password@host:587?tls=starttls")
    if tls not in get_args(Tls):
        raise ValueError("knows tls=starttls, tls=implicit and tls=none")
    if tls == "none" and parts.password:
        raise ValueError("has a password that would be told in clear; take tls=starttls or tls=implicit")
    if bool(parts.username) is not bool(parts.password):
        raise ValueError("needs a name and a password, or neither")
    return SmtpServer(
        host=parts.hostname,
        port=port or USUAL_PORTS[tls],
        tls=cast(Tls, tls),
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
    )
