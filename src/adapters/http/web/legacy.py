"""Addresses of earlier times, which people still have in their bookmarks and mails. (ID-16)"""

from urllib.parse import quote

from litestar import get
from litestar.params import FromPath
from litestar.response import Redirect

from adapters.http.requests import Req
from domain.identity.permission import Permission


def _moved(request: Req, path: str) -> Redirect:
    """For good, with the query as it came."""
    query = request.scope["query_string"].decode("latin-1")
    return Redirect(f"{quote(path)}?{query}" if query else quote(path), status_code=308)


@get(
    ["/wari", "/wari/{rest:path}"],
    needs=Permission.NOTHING,
    anonymous=True,
    include_in_schema=False,
    sync_to_thread=False,
)
def wari(request: Req, rest: FromPath[str] = "") -> Redirect:
    """A typing error that once was everywhere."""
    path = f"/qari{rest}".rstrip("/")
    return _moved(request, path.replace("/qari/quran-resources", "/qari/resources", 1))


@get(
    ["/qari/quran-resources", "/qari/quran-resources/{rest:path}"],
    needs=Permission.NOTHING,
    anonymous=True,
    include_in_schema=False,
    sync_to_thread=False,
)
def quran_resources(request: Req, rest: FromPath[str] = "") -> Redirect:
    return _moved(request, f"/qari/resources{rest}".rstrip("/"))


CONTROLLERS_MAIN = (wari, quran_resources)
