"""The stylesheets as one bundle, made from the small ones, and addresses that carry the hash of what they name.

``/static/halaqa.css`` has no file of its own. Fonts are made at set-up (``entrypoints.assets``); those that are
missing are left out of the bundle and the system's faces stand in.
"""

import hashlib
import re
from pathlib import Path
from typing import Final

STATIC: Final = Path(__file__).parent / "static"
BUNDLE: Final = "halaqa.css"
SHEETS: Final = ("tokens.css", "base.css", "layout.css", "components/*.css", "print.css")
_LATIN: Final = "U+0000-00FF,U+02BE-02BF,U+2000-206F,U+20A0-20C0,U+2190-21FF,U+2212"
_LATIN_MORE: Final = "U+0100-02BD,U+02C0-02FF,U+0300-036F,U+1E00-1EFF"
_ARABIC: Final = (
    "U+060C,U+0610-061B,U+061F,U+0621-063A,U+0640-0671,U+0679,U+067E,U+0686,U+0688,U+0691,U+0698,U+06A9,U+06AF,"
    "U+06BA,U+06BE,U+06C1-06C3,U+06CC,U+06D2-06ED,U+06F0-06F9,U+FD3E-FD3F"
)
"""Arabic, Urdu, and the signs of the mushaf; what other languages write with these letters the system shows."""
# file, family, weights, characters
FACES: Final[tuple[tuple[str, str, str, str], ...]] = (
    ("literata.woff2", "Literata", "400 700", _LATIN),
    ("literata-ext.woff2", "Literata", "400 700", _LATIN_MORE),
    ("plex.woff2", "Plex Sans", "400 700", _LATIN),
    ("plex-ext.woff2", "Plex Sans", "400 700", _LATIN_MORE),
    ("plex-arabic-400.woff2", "Plex Arabic", "400", _ARABIC),
    ("plex-arabic-600.woff2", "Plex Arabic", "600", _ARABIC),
    ("amiri-400.woff2", "Amiri", "400", _ARABIC),
    ("amiri-700.woff2", "Amiri", "600 700", _ARABIC),
)


def content(path: str, folder: Path = STATIC) -> bytes | None:
    """What ``/static/<path>`` answers. None for what is not there or lies outside."""
    if path.lstrip("/") == BUNDLE:
        return bundle(folder).encode()
    file = (folder / path.lstrip("/")).resolve()
    return file.read_bytes() if file.is_relative_to(folder.resolve()) and file.is_file() else None


def address(path: str, folder: Path = STATIC) -> str:
    """Changes with the content, so that browsers may keep it for good."""
    found = content(path, folder)
    return f"/static/{path}?v={hashlib.sha256(found).hexdigest()[:10] if found is not None else '0'}"


def bundle(folder: Path = STATIC) -> str:
    faces = [
        f'@font-face{{font-family:"{family}";font-weight:{weights};font-display:swap;'
        f'src:url("{address(f"fonts/{name}", folder)}") format("woff2");unicode-range:{characters}}}'
        for name, family, weights, characters in FACES
        if (folder / "fonts" / name).is_file()
    ]
    sheets = [path.read_text("utf-8") for pattern in SHEETS for path in sorted((folder / "css").glob(pattern))]
    return squeeze("\n".join([*sheets[:1], *faces, *sheets[1:]]))


def first_faces(folder: Path = STATIC) -> list[str]:
    """The fonts that every page shows at once, to be fetched with the page."""
    return [f"fonts/{name}" for name in ("literata.woff2", "plex.woff2") if (folder / "fonts" / name).is_file()]


def squeeze(css: str) -> str:
    """Without comments and idle white space. Our sheets hold no strings that this could hurt."""
    css = re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)
    css = re.sub(r"\s+", " ", css)
    return re.sub(r" ?([{};,]) ?", r"\1", css).replace(";}", "}").strip()
