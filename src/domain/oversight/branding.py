"""How a school looks: its name, its logo, the one colour of what can be acted on. (ADM-06, ADM-10)"""

import re
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from domain.errors import Invalid

BRANDING: Final = "branding"
"""The kind under which its versions are stored."""
READABLE: Final = 4.5
"""WCAG 2.2, 1.4.3: the contrast between text and its ground."""
PAPER: Final = "#fdfaf4"
NIGHT: Final = "#1c1814"
"""The grounds of light and dark pages, as ``static/css/tokens.css`` has them; what a colour has to be read on."""
LOGO_TYPES: Final = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg"}
LOGO_MOST: Final = 200_000
_HEX: Final = re.compile(r"#[0-9a-f]{6}")


class Branding(msgspec.Struct, frozen=True, kw_only=True):
    """Empty fields leave what the installation has. ``logo`` is the digest of an uploaded picture."""

    name: Annotated[str, Meta(max_length=80)] = ""
    color: Annotated[str, Meta(max_length=7)] = ""
    dark_color: Annotated[str, Meta(max_length=7)] = ""
    logo: Annotated[str, Meta(pattern="^([0-9a-f]{64})?$")] = ""

    def __post_init__(self) -> None:
        if not self.name.isprintable():
            raise Invalid("a name is one line of text", field="name")
        _require_readable(self.color, PAPER, "color")
        _require_readable(self.dark_color, NIGHT, "dark_color")


def _require_readable(color: str, ground: str, field: str) -> None:
    if not color:
        return
    if _HEX.fullmatch(color) is None:
        raise Invalid("a color is written as # and six digits, for example #1f5c45", field=field)
    if contrast(color, ground) < READABLE:
        raise Invalid(
            "this color cannot be read well enough: its contrast is {contrast}, at least {least} is needed",
            field=field,
            contrast=f"{contrast(color, ground):.1f}",
            least=str(READABLE),
        )


def contrast(one: str, other: str) -> float:
    """Between 1 and 21. Source: WCAG 2.2, "contrast ratio"."""
    brighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


def _luminance(color: str) -> float:
    parts = (int(color[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def mixed(color: str, ground: str, share: float) -> str:
    """``share`` of the color, the rest of the ground."""
    pairs = [(int(color[at : at + 2], 16), int(ground[at : at + 2], 16)) for at in (1, 3, 5)]
    return "#" + "".join(f"{round(one * share + other * (1 - share)):02x}" for one, other in pairs)


def logo_type(content: bytes) -> str:
    """By its first bytes, whatever its name says. Raises Invalid for what is neither PNG nor JPEG, or too large."""
    if len(content) > LOGO_MOST:
        raise Invalid("a logo has at most {most} kB", field="logo", most=LOGO_MOST // 1000)
    found = next((kind for start, kind in LOGO_TYPES.items() if content.startswith(start)), None)
    if found is None:
        raise Invalid("a logo is a PNG or JPEG picture", field="logo")
    return found
