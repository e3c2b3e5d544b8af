"""For search engines: what may be read, and where it is in each language. (DISC-14)"""

from collections.abc import Iterable
from typing import Final
from xml.sax.saxutils import escape

from litestar import Controller, Response, get

from adapters.http.alternates import alternates
from adapters.http.given import NamedDependency
from adapters.http.requests import Connection, Req, config_of
from application.scheduling.list_qaris import ListQaris
from domain.identity.permission import Permission

HIDDEN: Final = (
    "/account",
    "/api/",
    "/calendar-feed",
    "/feeds/",
    "/lessons/",
    "/onboarding",
    "/portal",
    "/qari$",
    "/qari/",
    "/reset",
    "/sign-in",
    "/verify",
)
"""Nothing there is for strangers; ``$`` is the end of the address, so that ``/qaris`` stays open. (RFC 9309)"""


class RobotsController(Controller):
    include_in_schema = False

    @get("/robots.txt", needs=Permission.NOTHING, anonymous=True, sync_to_thread=False)
    def robots(self, request: Req) -> Response[str]:
        rules = "\n".join(f"Disallow: {path}" for path in HIDDEN)
        return _text(f"User-agent: *\n{rules}\n\nSitemap: {config_of(request).base_url}/sitemap.xml\n", "text/plain")


class SitemapController(Controller):
    include_in_schema = False

    @get("/sitemap.xml", needs=Permission.NOTHING, anonymous=True)
    async def sitemap(self, request: Req, list_qaris: NamedDependency[ListQaris]) -> Response[str]:
        paths = ["/", "/qaris", *(f"/qaris/{qari_id}" for qari_id in await list_qaris())]
        return _text(sitemap(request, paths), "application/xml")


class OfficeRobotsController(Controller):
    include_in_schema = False

    @get("/robots.txt", needs=Permission.NOTHING, anonymous=True, sync_to_thread=False)
    def robots(self) -> Response[str]:
        return _text("User-agent: *\nDisallow: /\n", "text/plain")


def sitemap(request: Connection, paths: Iterable[str]) -> str:
    """Every page with its addresses in all languages, each of which names all the others."""
    entries = []
    for path in paths:
        all_of_them = alternates(request, path)
        links = "".join(
            f'<xhtml:link rel="alternate" hreflang="{lang}" href="{escape(href)}"/>' for lang, href in all_of_them
        )
        entries += [f"<url><loc>{escape(href)}</loc>{links}</url>" for _lang, href in all_of_them]
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" '
        'xmlns:xhtml="http://www.w3.org/1999/xhtml">\n' + "\n".join(entries) + "\n</urlset>\n"
    )


def _text(content: str, kind: str) -> Response[str]:
    return Response(content, media_type=f"{kind}; charset=utf-8", headers={"cache-control": "public, max-age=3600"})


CONTROLLERS_MAIN = (RobotsController, SitemapController)
CONTROLLERS_ADMIN = (OfficeRobotsController,)
