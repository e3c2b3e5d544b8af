"""Whole pages that come out the same again, but for the proof that their forms carry (``csrf``).

Like a part (``fragments``), a page is remembered under everything it is made of: who looks at it, what he may, how
much news he has, where he is with all that he asks for, his language, zone and colors, and what its handler has
found. Who differs in any of it gets another page. Only handlers that answer with ``kept_page`` take part, and their
templates do not know what time it is.

The proof stands between pieces that stay as they are, so these are packed once: a gzip file is a row of blocks, and
one with the proof as it is goes between two with packed pieces. That it is not packed with the rest is how it should
be: nothing can be guessed from the length of the answer.
"""

import struct
import zlib
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable
from html import escape
from typing import Any, Final

import msgspec
from litestar import MediaType, Response
from litestar.datastructures import Cookie
from markupsafe import Markup

from adapters.http.fragments import CSRF_MARK

MOST: Final = 512
"""Pages that one process remembers, some 20 kibibytes each."""
_HEAD: Final = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff"
_LAST: Final = b"\x03\x00"
_LEVEL: Final = 6


class Whole:
    """A page with gaps for the proof."""

    __slots__ = ("_packed", "_pieces")

    def __init__(self, html: str) -> None:
        self._pieces = [piece.encode() for piece in html.split(CSRF_MARK)]
        self._packed: list[bytes] = []

    def plain(self, proof: str) -> bytes:
        return escape(proof).encode().join(self._pieces)

    def packed(self, proof: str) -> bytes:
        """As gzip (RFC 1952); the proof in blocks of their own (RFC 1951, 3.2.4)."""
        if not self._packed:
            self._packed = [_piece(piece) for piece in self._pieces]
        gap, plain = escape(proof).encode(), self.plain(proof)
        stored = b"\x00" + struct.pack("<HH", len(gap), len(gap) ^ 0xFFFF) + gap
        end = struct.pack("<LL", zlib.crc32(plain), len(plain) & 0xFFFFFFFF)
        return b"".join((_HEAD, stored.join(self._packed), _LAST, end))


def _piece(content: bytes) -> bytes:
    """Ends where a byte ends, and knows nothing of what stands before it."""
    packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    return packer.compress(content) + packer.flush(zlib.Z_FULL_FLUSH)


class Pages:
    def __init__(self, *, most: int = MOST) -> None:
        self._most = most
        self._made: OrderedDict[Hashable, Whole] = OrderedDict()

    def page(self, known: Iterable[Any], of: Hashable, render: Callable[[], str]) -> Whole:
        """``known`` and ``of``: all that it is made of, the former as templates take it, the latter frozen already.
        What cannot be compared is not remembered.
        """
        try:
            key = (*map(_frozen, known), of)
            found = self._made.get(key)
        except TypeError:
            return Whole(render())
        if found is None:
            found = self._made[key] = Whole(render())
            if len(self._made) > self._most:
                self._made.popitem(last=False)
        else:
            self._made.move_to_end(key)
        return found


def _frozen(value: Any) -> Hashable:
    """Text that is fit for a page as it stands is not the same as text that is not, nor is a number a truth."""
    kind = type(value)
    if kind is str:
        return str(value)
    if kind is list or kind is tuple:
        return (kind, *map(_frozen, value))
    if kind is dict:
        return (kind, *((name, _frozen(each)) for name, each in value.items()))
    if kind is Markup or kind is bool:
        return kind, value
    if isinstance(value, msgspec.Struct):
        return (kind, *map(_frozen, msgspec.structs.astuple(value)))
    hash(value)
    return kind, value


class KeptResponse(Response[bytes]):
    """``whole`` and ``proof``: what the answer can be made of more quickly than from its content."""

    def __init__(self, whole: Whole, proof: str, *, cookies: list[Cookie]) -> None:
        super().__init__(whole.plain(proof), media_type=MediaType.HTML, cookies=cookies)
        self.whole, self.proof = whole, proof
