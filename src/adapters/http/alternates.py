"""One page, its address in each language. (DISC-14)"""

from typing import Final

from adapters.http.requests import Connection, asked_language, config_of
from adapters.languages import LANGUAGES

ANY: Final = "x-default"
"""Where the reader's own preference decides. Source: Google Search Central, "Localized versions of your pages"."""


def alternates(request: Connection, path: str) -> list[tuple[str, str]]:
    base = config_of(request).base_url
    return [*((lang, f"{base}{path}?lang={lang}") for lang in LANGUAGES), (ANY, f"{base}{path}")]


def canonical(request: Connection, path: str) -> str:
    """The page without what narrows or unfolds it; its language stays, where the address names one."""
    asked = asked_language(request)
    return f"{config_of(request).base_url}{path}" + (f"?lang={asked}" if asked else "")
