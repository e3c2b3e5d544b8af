"""The school's own looks on every page: its name, its logo, its color as a stylesheet of custom properties. (ADM-06)

The Content-Security-Policy knows no inline style, so the colors come as a file of their own; its address carries the
version, and browsers keep it.
"""

from typing import Final, Protocol

import structlog
from litestar import MediaType, Response, get
from litestar.enums import ScopeType
from litestar.exceptions import NotFoundException
from litestar.types import ASGIApp, Receive, Scope, Send

from adapters.http.given import NamedDependency
from adapters.http.requests import Connection, Req
from application.oversight.branding import Brand, SeeBrand, SeeLogo
from domain.identity.permission import Permission
from domain.oversight.branding import NIGHT, PAPER, READABLE, Branding, contrast, mixed


class Brands(Protocol):
    """``application.oversight.branding.SeeBrand``."""

    async def __call__(self, *, fresh: bool = False) -> Brand: ...


PLAIN: Final = Brand(0, Branding())
_BARE: Final = ("/api/", "/static/", "/health/", "/brand/", "/metrics", "/webhooks/")
_FOR_GOOD: Final = "public, max-age=31536000, immutable"
log = structlog.get_logger("http")


class Branded:
    """Puts the looks of the academy at hand into the state of each request for a page. Without a database a page
    still has the looks it comes with.
    """

    def __init__(self, app: ASGIApp, brands: Brands) -> None:
        self._app, self._brands = app, brands

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == ScopeType.HTTP:
            await self.look(scope)
        await self._app(scope, receive, send)

    async def look(self, scope: Scope) -> None:
        if scope["path"].startswith(_BARE):
            return
        try:
            scope["state"]["brand"] = await self._brands(fresh=scope["path"].startswith("/settings"))
        except Exception as error:  # noqa: BLE001 - whatever it is, a page is worth more than its color
            log.warning("no looks", error=type(error).__name__)


def brand_of(request: Connection) -> Brand:
    found = request.scope.get("state", {}).get("brand")
    return found if isinstance(found, Brand) else PLAIN


def stylesheet(branding: Branding) -> str:
    """Only what differs from ``static/css/tokens.css``. What is derived keeps the contrast of what it stands for."""
    light = _shades(branding.color, PAPER, "#000000", "#ffffff", 0.08) if branding.color else ""
    dark = _shades(branding.dark_color, NIGHT, "#ffffff", "#101010", 0.2) if branding.dark_color else ""
    rules = [f":root{{{light}}}"] if light else []
    if dark:
        rules.append(f'@media (prefers-color-scheme:dark){{:root:not([data-theme="light"]){{{dark}}}}}')
        rules.append(f':root[data-theme="dark"]{{{dark}}}')
    elif light:
        # Without a color for the night, the night keeps ours: the rules above must not reach it.
        rules = [f'@media (prefers-color-scheme:light){{:root:not([data-theme="dark"]){{{light}}}}}']
        rules.append(f':root[data-theme="light"]{{{light}}}')
    return f"@layer tokens{{{''.join(rules)}}}" if rules else ""


def _shades(color: str, ground: str, towards: str, on: str, wash_share: float) -> str:
    wash = mixed(color, ground, wash_share)
    shades = {
        "--act": color,
        "--act-deep": mixed(color, towards, 0.8),
        "--on-act": on,
        "--act-wash": wash,
        "--act-ink": _readable(color, wash, towards),
    }
    return ";".join(f"{name}:{value}" for name, value in shades.items())


def _readable(color: str, ground: str, towards: str) -> str:
    """As near to the color as can be read on that ground."""
    share = 1.0
    while share > 0 and contrast(mixed(color, towards, share), ground) < READABLE:
        share -= 0.05
    return mixed(color, towards, max(share, 0.0))


@get("/brand/colors.css", needs=Permission.NOTHING, anonymous=True, include_in_schema=False)
async def brand_colors(request: Req, see_brand: NamedDependency[SeeBrand]) -> Response[str]:
    wanted = request.query_params.get("v", "")
    brand = await see_brand()
    if wanted and wanted != str(brand.version):
        brand = await see_brand(fresh=True)
    fixed = wanted == str(brand.version)
    return Response(
        stylesheet(brand.branding),
        media_type=MediaType.CSS,
        headers={"cache-control": _FOR_GOOD if fixed else "no-cache"},
    )


@get("/brand/logo", needs=Permission.NOTHING, anonymous=True, include_in_schema=False, exclude_from_compression=True)
async def brand_logo(request: Req, see_logo: NamedDependency[SeeLogo]) -> Response[bytes]:
    logo = await see_logo(request.query_params.get("v", ""))
    if logo is None:
        raise NotFoundException
    fixed = request.query_params.get("v") == logo.digest[:12]
    return Response(
        logo.content,
        media_type=logo.media_type,
        headers={"cache-control": _FOR_GOOD if fixed else "no-cache", "etag": f'"{logo.digest[:20]}"'},
    )


CONTROLLERS_MAIN = (brand_colors, brand_logo)
CONTROLLERS_ADMIN = (brand_colors, brand_logo)
