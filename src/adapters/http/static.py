"""Our own files: read once, answered from memory, compressed ahead, with an ETag. In development read each time."""

import gzip
import hashlib
import mimetypes
from pathlib import Path
from typing import Final

import msgspec
from litestar import Response, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from adapters.http.assets import content, version
from adapters.http.requests import Req, config_of
from domain.identity.permission import Permission

_COMPRESSIBLE: Final = frozenset({".css", ".js", ".mjs", ".svg", ".json", ".txt", ".webmanifest"})
_TYPES: Final = {
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
    ".webmanifest": "application/manifest+json",
}
_FOR_GOOD: Final = "public, max-age=31536000, immutable"
_FOR_OTHER_ORIGINS: Final = {"access-control-allow-origin": "*", "cross-origin-resource-policy": "cross-origin"}
"""Where pages get them from a network of delivery: scripts and fonts are asked for under the rules of CORS."""
_files: dict[str, "File"] = {}


class File(msgspec.Struct, frozen=True):
    content: bytes
    packed: bytes | None
    etag: str
    version: str
    kind: str


def read(path: str) -> File | None:
    """None for what is not there or lies outside."""
    found = content(path) if ".." not in path.split("/") else None
    if found is None:
        return None
    suffix = Path(path).suffix
    kind = _TYPES.get(suffix) or mimetypes.guess_type(path)[0] or "application/octet-stream"
    packed = gzip.compress(found, mtime=0) if suffix in _COMPRESSIBLE else None
    return File(found, packed, f'"{hashlib.sha256(found).hexdigest()[:20]}"', version(found), kind)


def _file(path: str, *, fresh: bool) -> File | None:
    if fresh or path not in _files:
        found = read(path)
        if found is None:
            return None
        _files[path] = found
    return _files[path]


@get(
    "/static/{path:path}",
    needs=Permission.NOTHING,
    anonymous=True,
    include_in_schema=False,
    exclude_from_compression=True,
    sync_to_thread=False,
)
def static_file(request: Req, path: FromPath[Path]) -> Response[bytes]:
    """Forever fresh when asked for with its version (``?v=``), else for an hour at most. Another version than ours is
    that of another release, whose process may not have been asked: what we have instead is not to be kept.
    """
    config = config_of(request)
    development = config.development
    file = _file(path.as_posix(), fresh=development)
    if file is None:
        raise NotFoundException
    wanted = request.query_params.get("v")
    age = "public, max-age=3600" if wanted is None else _FOR_GOOD if wanted == file.version else "no-cache"
    headers = {"cache-control": "no-cache" if development else age, "etag": file.etag, "vary": "accept-encoding"}
    if config.static_url:
        headers |= _FOR_OTHER_ORIGINS
    if request.headers.get("if-none-match") == file.etag:
        return Response(b"", status_code=304, headers=headers, media_type=file.kind)
    if file.packed is not None and "gzip" in request.headers.get("accept-encoding", ""):
        return Response(file.packed, headers=headers | {"content-encoding": "gzip"}, media_type=file.kind)
    return Response(file.content, headers=headers, media_type=file.kind)
