"""The page a person sees when something is refused or broken."""

from collections.abc import Mapping
from html import escape

import structlog
from litestar import MediaType, Response
from litestar.datastructures import Cookie
from minijinja import TemplateError

from adapters.http.requests import Connection, request_id_of
from adapters.http.templating import page
from adapters.http.text import _

log = structlog.get_logger("http")


def heading(status: int) -> str:
    return {
        401: _("Please sign in"),
        403: _("This is not open to you"),
        404: _("Nothing is here"),
        409: _("Something changed in between"),
        410: _("This link is no longer good"),
        422: _("Some of that does not fit"),
        429: _("Too many tries"),
        503: _("One moment, please"),
    }.get(status, _("Something broke on our side") if status >= 500 else _("That did not work"))


def error_page(
    request: Connection,
    status: int,
    code: str,
    detail: str,
    *,
    headers: Mapping[str, str],
    cookies: list[Cookie],
) -> Response[str]:
    """From ``error.html``; plain HTML when the template itself is what fails."""
    try:
        response = page(
            request,
            "error.html",
            status_code=status,
            cookies=cookies,
            status=status,
            code=code,
            heading=heading(status),
            detail=detail,
        )
    except TemplateError:
        log.exception("the error page does not render", code=code)
        text = (
            f'<!doctype html><html lang="en"><title>{status}</title><h1>{escape(heading(status))}</h1>'
            f"<p>{escape(detail)}</p><p>{escape(request_id_of(request))}</p></html>"
        )
        response = Response(text, status_code=status, media_type=MediaType.HTML, cookies=cookies)
    for name, value in headers.items():
        response.headers[name] = value
    return response
