"""What a file is, by its content. Names and the sender's word for it are not asked."""

from collections.abc import Mapping
from typing import Final

import puremagic

HEADS: Final[Mapping[str, tuple[bytes, ...]]] = {
    "application/pdf": (b"%PDF-",),
    "image/jpeg": (b"\xff\xd8\xff",),
    "image/png": (b"\x89PNG\r\n\x1a\n",),
    "image/webp": (b"RIFF",),
}
"""How files of the kinds that are let in have to begin, at the very first byte: a web page or a program that has a
picture's mark somewhere inside is not a picture.
"""


class MagicSniffer:
    def media_type(self, content: bytes) -> str | None:
        try:
            guesses = puremagic.magic_string(content)
        except (puremagic.PureError, ValueError):
            return None
        if not guesses:
            return None
        kind = _plain(max(guesses, key=lambda guess: guess.confidence).mime_type)
        heads = HEADS.get(kind)
        return kind if heads is None or content.startswith(heads) else None


def _plain(mime: str) -> str:
    return {"image/jpg": "image/jpeg", "application/x-pdf": "application/pdf"}.get(mime, mime)
