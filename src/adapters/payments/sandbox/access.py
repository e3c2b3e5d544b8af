"""Who is calling: the secret key, and the account that it acts for."""

import base64
import hmac
from typing import Any

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from adapters.payments.sandbox.config import SandboxConfig
from adapters.payments.sandbox.errors import unknown_account, unknown_key

Connection = ASGIConnection[Any, Any, Any, Any]


def needs_key(connection: Connection, _: BaseRouteHandler) -> None:
    """A guard. Raises ApiRefusal (401), or 403 for an account that the key does not know."""
    config: SandboxConfig = connection.app.state.config
    scheme, given = _authorization(connection)
    if scheme != "bearer" or not _same(given, config.secret_key):
        raise unknown_key()
    account = account_of(connection, config)
    if account not in config.endpoints:
        raise unknown_account(account)


def account_of(connection: Connection, config: SandboxConfig) -> str:
    return connection.headers.get("sandbox-account") or config.default_account


def is_operator(connection: Connection, config: SandboxConfig) -> bool:
    """For the control page: HTTP Basic, any name, the secret key as password. A form that another site sends with
    the browser's remembered password is not the operator's doing.
    """
    if connection.headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
        return False
    scheme, given = _authorization(connection)
    if scheme != "basic":
        return False
    try:
        _, _, password = base64.b64decode(given, validate=True).decode().partition(":")
    except ValueError:  # neither base64 nor text
        return False
    return _same(password, config.secret_key)


def _authorization(connection: Connection) -> tuple[str, str]:
    scheme, _, given = connection.headers.get("authorization", "").partition(" ")
    return scheme.lower(), given.strip()


def _same(given: str, wanted: str) -> bool:
    return hmac.compare_digest(given.encode(errors="surrogateescape"), wanted.encode())
