"""Words for people go through here. English is the message id.

What is put into a sentence keeps its own direction (a Latin name within Arabic, an Arabic one within English), and
whole numbers take the reader's numerals.
"""

import unicodedata
from collections.abc import Callable
from typing import Final

from adapters.languages import LANGUAGES, NUMERALS, RIGHT_TO_LEFT, current
from adapters.languages.catalogs import catalog

_TABLES: Final = {name: str.maketrans(NUMERALS["latn"], shapes) for name, shapes in NUMERALS.items()}
_ISOLATE: Final = "\N{FIRST STRONG ISOLATE}{}\N{POP DIRECTIONAL ISOLATE}"
_RIGHTWARDS, _LEFTWARDS = frozenset({"L"}), frozenset({"R", "AL"})


def _(message: str, /, **values: object) -> str:
    """``_("Hello {name}", name=name)``."""
    text = _looked_up(message)
    return text.format_map(_shown(values)) if values else text


def ngettext(one: str, many: str, n: int, /, **values: object) -> str:
    """``ngettext("{n} lesson", "{n} lessons", n)``; Arabic has six forms of it."""
    lang = current().lang
    text = (one if n == 1 else many) if lang == LANGUAGES[0] else catalog(lang).ngettext(one, many, n)
    return text.format_map(_shown({"n": n, **values}))


def N_(message: str) -> str:  # noqa: N802 - gettext's customary name
    """Marks a message id that is translated where it is shown."""
    return message


def translator(lang: str) -> Callable[[str], str]:
    """For whoever writes to somebody in particular, whatever language is spoken around him."""
    return catalog(lang).gettext


def word(name: object) -> str:
    """A code of the domain (a status, a role) as a word: ``no_show`` is looked up as ``no show``."""
    return _looked_up(str(name).replace("_", " "))


def _looked_up(message: str) -> str:
    lang = current().lang
    # The empty id names the catalog's own header.
    return message if lang == LANGUAGES[0] or not message else catalog(lang).gettext(message)


def _shown(values: dict[str, object]) -> dict[str, object]:
    lang = current().lang
    shown: dict[str, object] = {}
    for name, value in values.items():
        if isinstance(value, int) and not isinstance(value, bool):
            shown[name] = digits(str(value))
        else:
            shown[name] = isolated(value, lang) if isinstance(value, str) else value
    return shown


def comma() -> str:
    """Between the items of a list, with its space."""
    return "\N{ARABIC COMMA} " if current().lang in RIGHT_TO_LEFT else ", "


def digits(text: str, numerals: str = "") -> str:
    """Latin digits in the reader's shapes."""
    chosen = numerals or current().numerals
    return text if chosen == "latn" else text.translate(_TABLES[chosen])


def isolated(text: str, lang: str) -> str:
    """Wrapped in invisible marks where it runs against the direction of the sentence around it."""
    if text.isascii() and lang not in RIGHT_TO_LEFT:
        return text
    against = _RIGHTWARDS if lang in RIGHT_TO_LEFT else _LEFTWARDS
    if any(unicodedata.bidirectional(letter) in against for letter in text):
        return _ISOLATE.format(text)
    return text
