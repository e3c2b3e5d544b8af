"""Everything that can go wrong, as problem details (RFC 9457) for programs and as a page for people. (API-04...06)

``code`` is stable and meant for programs, ``detail`` for people, ``errors`` names the inputs at fault. What an error
knows besides (the next free slots, say) stands beside them under its own name.
"""

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote

import msgspec
import structlog
from litestar import Request, Response
from litestar.datastructures import Cookie
from litestar.exceptions import HTTPException, ValidationException
from litestar.response import Redirect

from adapters.http.authentication import expired_cookie
from adapters.http.database_errors import database_fault
from adapters.http.error_page import error_page
from adapters.http.landing import APPLICATION
from adapters.http.refusals import field_message, refusal, status_text
from adapters.http.requests import config_of, request_id_of, signed_in, wants_html
from adapters.http.text import _
from application.identity.authenticate import WrongDoor
from domain.errors import Conflict, DomainError, Gone, Invalid, NotFound, NotPermitted, NotSignedIn, TooMany
from domain.identity.actor import OnboardingRequired
from ports.errors import GatewayUnavailable

MEDIA_TYPE: Final = "application/problem+json"
FAMILIES: Final[Mapping[type[DomainError], int]] = {
    NotSignedIn: 401,
    NotPermitted: 403,
    NotFound: 404,
    Conflict: 409,
    Gone: 410,
    Invalid: 422,
    TooMany: 429,
    DomainError: 400,
}
_HTTP_CODES: Final[Mapping[int, str]] = {
    400: "malformed",
    401: "not_signed_in",
    403: "not_permitted",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
    415: "unsupported_media_type",
    429: "too_many",
    503: "unavailable",
}
_UNKNOWN_FIELD: Final = re.compile(r"unknown field `([^`]+)`")
_MISSING_FIELD: Final = re.compile(r"missing required field `([^`]+)`")
_MISSING_PARAMETER: Final = re.compile(r"Missing required \w+ parameter '([^']+)'")
log = structlog.get_logger("http")


class FieldError(msgspec.Struct, frozen=True):
    """``path`` as in ``slots[0].starts_at``; empty where the whole body is meant."""

    path: str
    message: str


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """The body of every answer that is not a success."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    errors: tuple[FieldError, ...] = ()
    request_id: str = ""


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """An exception, read for the outside."""

    status: int
    code: str
    detail: str
    errors: tuple[FieldError, ...] = ()
    extra: Mapping[str, Any] = {}
    headers: Mapping[str, str] = {}


def fault_of(error: Exception) -> Fault:
    if isinstance(error, DomainError):
        return _from_domain(error)
    if isinstance(error, ValidationException):
        return Fault(
            status=422, code="invalid", detail=_("Some of the input does not fit."), errors=_field_errors(error)
        )
    if isinstance(error, HTTPException):
        code = _HTTP_CODES.get(error.status_code, "refused" if error.status_code < 500 else "internal")
        return Fault(
            status=error.status_code,
            code=code,
            detail=status_text(error.status_code),
            headers=dict(error.headers or {}),
        )
    if isinstance(error, GatewayUnavailable):
        return Fault(
            status=503,
            code="gateway_unavailable",
            detail=_("A service we depend on does not answer. Nothing was lost; try again shortly."),
            headers={"Retry-After": "5"},
        )
    if (found := database_fault(error)) is not None:
        return Fault(status=found.status, code=found.code, detail=_(found.detail), headers=found.headers)
    return Fault(status=500, code="internal", detail=_("Something broke on our side. It has been written down."))


def _from_domain(error: DomainError) -> Fault:
    status = next(code for family, code in FAMILIES.items() if isinstance(error, family))
    details, message = dict(error.details), refusal(error)
    errors: tuple[FieldError, ...] = ()
    if isinstance(field := details.pop("field", None), str):
        errors = (FieldError(field, message),)
    headers = {}
    if (retry := details.get("retry_after_s")) is not None:
        headers["Retry-After"] = str(max(1, int(retry)))
    elif isinstance(error, NotSignedIn):
        headers["WWW-Authenticate"] = 'Bearer realm="halaqa"'
    return Fault(status=status, code=error.code, detail=message, errors=errors, extra=details, headers=headers)


def _field_errors(error: ValidationException) -> tuple[FieldError, ...]:
    entries = error.extra if isinstance(error.extra, list) else []
    found = []
    for entry in entries:
        if not isinstance(entry, dict):
            continue
        message, key = str(entry.get("message", "")), str(entry.get("key", ""))
        key = "" if key == "data" else key
        if named := _UNKNOWN_FIELD.search(message) or _MISSING_FIELD.search(message):
            key = f"{key}.{named[1]}".lstrip(".")
        found.append(FieldError(key, field_message(message)))
    if found:
        return tuple(found)
    message = error.detail.partition(" for ")[0]
    missing = _MISSING_PARAMETER.search(message)
    return (FieldError(missing[1] if missing else "", field_message(message)),)


def problem(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """The app's one exception handler."""
    fault, config = fault_of(error), config_of(request)
    if fault.status >= 500:
        log.error("request failed", code=fault.code, error=type(error).__name__, exc_info=error)
    cookies: list[Cookie] = []
    if isinstance(error, WrongDoor):
        own, other = config.session_cookie, config.other_session_cookie
        names = (own, config.refresh_cookie, other, config.other_refresh_cookie)
        present = [name for name in names if name in request.cookies]
        cookies = [expired_cookie(config, name) for name in present or [config.session_cookie]]
    elif isinstance(error, NotSignedIn) and signed_in(request) is None:
        present = [name for name in (config.session_cookie, config.refresh_cookie) if name in request.cookies]
        cookies = [expired_cookie(config, name) for name in present]
    if wants_html(request):
        if isinstance(error, OnboardingRequired):
            return Redirect(APPLICATION, status_code=303)
        if fault.status == HTTPStatus.UNAUTHORIZED and request.method == "GET":
            wanted = quote(request.url.path + (f"?{request.url.query}" if request.url.query else ""), safe="/")
            return Redirect(f"/sign-in?next={wanted}", status_code=303, cookies=cookies)
        return error_page(request, fault.status, fault.code, fault.detail, headers=fault.headers, cookies=cookies)
    body = Problem(
        type=f"urn:halaqa:problem:{fault.code}",
        title=HTTPStatus(fault.status).phrase,
        status=fault.status,
        code=fault.code,
        detail=fault.detail,
        errors=fault.errors,
        request_id=request_id_of(request),
    )
    return Response(
        {**msgspec.to_builtins(fault.extra), **msgspec.structs.asdict(body)},
        status_code=fault.status,
        media_type=MEDIA_TYPE,
        headers=dict(fault.headers),
        cookies=cookies,
    )
