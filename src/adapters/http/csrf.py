"""Proof that a write comes from a page of ours. (ID-05)

The proof is ``nonce.hmac(secret, nonce, binding)``; the binding is the session (whichever its token of the moment), or
for anonymous forms a visit cookie. It differs on every page, so that compressed pages give nothing away. Bearer clients
need none: a browser never adds their token by itself. JSON without a cookie needs none: a foreign page cannot send it
unasked.
"""

import hashlib
import hmac
import secrets
from typing import Final

from litestar import Request
from litestar.datastructures import Cookie

from adapters.http.requests import Connection, config_of, signed_in
from domain.errors import NotPermitted

FIELD: Final = "csrf_token"
HEADER: Final = "X-CSRF-Token"
_FORMS: Final = frozenset({"application/x-www-form-urlencoded", "multipart/form-data", "text/plain", ""})


class CsrfFailed(NotPermitted):
    code = "csrf_failed"


def prove(secret: str, binding: str) -> str:
    nonce = secrets.token_hex(8)
    return f"{nonce}.{_mac(secret, nonce, binding)}"


def proven(secret: str, binding: str, proof: str) -> bool:
    nonce, _, mac = proof.partition(".")
    return bool(binding) and hmac.compare_digest(mac.encode(), _mac(secret, nonce, binding).encode())


def _mac(secret: str, nonce: str, binding: str) -> str:
    return hmac.new(secret.encode(), f"csrf:{nonce}:{binding}".encode(), hashlib.sha256).hexdigest()[:40]


def binding_of(request: Connection) -> str:
    person = signed_in(request)
    if person is not None:
        return person.session_id.hex
    return request.cookies.get(config_of(request).visit_cookie, "")


def token_for_page(request: Connection) -> tuple[str, Cookie | None]:
    """The proof for this page's forms, and the visit cookie to set where there is neither session nor visit."""
    config, binding, cookie = config_of(request), binding_of(request), None
    if not binding:
        binding = secrets.token_urlsafe(16)
        cookie = Cookie(
            key=config.visit_cookie, value=binding, path="/", secure=config.secure, httponly=True, samesite="lax"
        )
    return prove(config.secret, binding), cookie


async def check(request: Connection) -> None:
    """Raises CsrfFailed for a write by cookie, or by an anonymous form, without proof."""
    if request.scope.get("method") in {"GET", "HEAD", "OPTIONS"} or request.scope["state"].get("auth_by") == "bearer":
        return
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if signed_in(request) is None and kind not in _FORMS:
        return
    proof = request.headers.get(HEADER, "")
    if not proof and kind in _FORMS and isinstance(request, Request):
        form = await request.form()
        proof = str(form.get(FIELD, ""))
    if not proven(config_of(request).secret, binding_of(request), proof):
        raise CsrfFailed("this form has gone stale or comes from elsewhere; load the page again and repeat")
