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
_BESIDE: Final = re.compile(rb'"\./([a-z_]+\.js)"')
_LATIN: Final = (
    "U+0020-007E,U+00A0,U+00A3,U+00A9,U+00AB,U+00B7,U+00BB,U+00D7,U+02BE-02BF,U+200B-2015,U+2018-201A,U+201C-201E,"
    "U+2022,U+2026,U+202F,U+2039-203A,U+2066-2069,U+20A8,U+20AC,U+20B9,U+2190-2193,U+2212"
)
"""What our own sentences are written with."""
_LATIN_MORE: Final = (
    "U+00A1-00A2,U+00A4-00A8,U+00AA,U+00AC-00B6,U+00B8-00BA,U+00BC-00D6,U+00D8-02BD,U+02C0-02FF,U+0300-036F,"
    "U+1E00-1EFF,U+2000-200A,U+2016-2017,U+201B,U+201F-2021,U+2023-2025,U+2027-202E,U+2030-2038,U+203B-2065,"
    "U+206A-206F,U+20A0-20A7,U+20A9-20AB,U+20AD-20B8,U+20BA-20C0,U+2194-21FF"
)
_ARABIC: Final = (
    "U+060C,U+0610-061B,U+061F,U+0621-063A,U+0640-0671,U+0679,U+067E,U+0686,U+0688,U+0691,U+0698,U+06A9,U+06AF,"
    "U+06BA,U+06BE,U+06C1-06C3,U+06CC,U+06D2-06ED,U+06F0-06F9,U+08F0-08F2,U+FD3E-FD3F"
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
    # One weight for verses and headings: at their size it carries, and a second would double what a page weighs.
    ("amiri-400.woff2", "Amiri", "400 700", _ARABIC),
)


def content(path: str, folder: Path = STATIC) -> bytes | None:
    """What ``/static/<path>`` answers. None for what is not there or lies outside."""
    if path.lstrip("/") == BUNDLE:
        return bundle(folder).encode()
    file = (folder / path.lstrip("/")).resolve()
    if not file.is_relative_to(folder.resolve()) or not file.is_file():
        return None
    found = file.read_bytes()
    return _linked(found, file.relative_to(folder.resolve()).parent, folder) if file.suffix == ".js" else found


def version(found: bytes | None) -> str:
    return hashlib.sha256(found).hexdigest()[:10] if found is not None else "0"


def address(path: str, folder: Path = STATIC) -> str:
    """Changes with the content, so that browsers and networks of delivery may keep it for good."""
    return f"/static/{path}?v={version(content(path, folder))}"


def _linked(script: bytes, beside: Path, folder: Path) -> bytes:
    """With the version of each script that it loads from beside itself, wherever both are served from."""

    def versioned(named: re.Match[bytes]) -> bytes:
        name = named[1].decode()
        return f'"./{name}?v={version(content((beside / name).as_posix(), folder))}"'.encode()

    return _BESIDE.sub(versioned, script)


def bundle(folder: Path = STATIC) -> str:
    """Names fonts as seen from itself: they lie beside it wherever it is served from."""
    faces = [
        f'@font-face{{font-family:"{family}";font-weight:{weights};font-display:swap;'
        f'src:url("fonts/{name}?v={version(content(f"fonts/{name}", folder))}") format("woff2");'
        f"unicode-range:{characters}}}"
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
