"""The translated words, read once for each language.

Set-up compiles the catalogs (``entrypoints.catalogs compile``). A text that was changed since is read from the source,
so that nobody sees yesterday's words.
"""

from functools import lru_cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path
from typing import Final

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from adapters.languages import LANGUAGES

FOLDER: Final = Path(__file__).parent / "locale"
DOMAIN: Final = "halaqa"
TRANSLATED: Final = LANGUAGES[1:]


def source_of(lang: str) -> Path:
    return FOLDER / lang / "LC_MESSAGES" / f"{DOMAIN}.po"


def compiled_of(lang: str) -> Path:
    return source_of(lang).with_suffix(".mo")


def compiled(lang: str) -> bytes:
    """What gettext reads. Sentences that nobody has looked at again (fuzzy) are left out."""
    catalog, written = read_po(BytesIO(source_of(lang).read_bytes()), locale=lang, domain=DOMAIN), BytesIO()
    write_mo(written, catalog)
    return written.getvalue()


@lru_cache(maxsize=16)
def catalog(lang: str) -> NullTranslations:
    """The English ids themselves for English and for languages without a catalog."""
    source, ready = source_of(lang), compiled_of(lang)
    if lang not in TRANSLATED or not source.is_file():
        return NullTranslations()
    if ready.is_file() and ready.stat().st_mtime >= source.stat().st_mtime:
        return GNUTranslations(BytesIO(ready.read_bytes()))
    return GNUTranslations(BytesIO(compiled(lang)))
