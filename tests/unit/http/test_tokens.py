"""The colours keep their promises in both themes: 4.5:1 for text, 3:1 for marks. (look, WCAG 2.2 AA)"""

import math
import re

import pytest

from adapters.http.assets import STATIC

SHEET = (STATIC / "css" / "tokens.css").read_text("utf-8")
OKLCH = re.compile(r"--([\w-]+): oklch\(([\d.]+) ([\d.]+) ([\d.]+)\);")
GROUNDS = ("paper", "sheet", "well")
TEXT = [(ink, ground) for ink in ("ink", "ink-soft", "ink-faint", "act-ink", "loss-ink") for ground in GROUNDS]
TEXT += [
    ("heed-ink", "sheet"),
    ("on-act", "act"),
    ("on-act", "act-deep"),
    ("on-loss", "loss"),
    ("on-loss", "loss-deep"),
]
TEXT += [("act-ink", "act-wash"), ("heed-ink", "heed-wash"), ("loss-ink", "loss-wash")]
TEXT += [("ink", wash) for wash in ("act-wash", "heed-wash", "loss-wash")]
TEXT += [("act", "paper"), ("act", "sheet")]
MARKS = [(mark, ground) for mark in ("edge", "act", "heed", "loss", "focus") for ground in GROUNDS]
MARKS += [("act", "act-wash"), ("heed", "heed-wash"), ("edge", "act-wash")]


def theme_of(block: str) -> dict[str, tuple[float, float, float]]:
    return {name: (float(light), float(chroma), float(hue)) for name, light, chroma, hue in OKLCH.findall(block)}


def themes() -> dict[str, dict[str, tuple[float, float, float]]]:
    light = SHEET[SHEET.index(":root {") : SHEET.index("@media (prefers-color-scheme: dark)")]
    by_device = SHEET[SHEET.index("@media (prefers-color-scheme: dark)") : SHEET.index(':root[data-theme="dark"]')]
    by_choice = SHEET[SHEET.index(':root[data-theme="dark"]') :]
    return {"light": theme_of(light), "dark by device": theme_of(by_device), "dark by choice": theme_of(by_choice)}


def luminance(lightness: float, chroma: float, hue: float) -> float:
    """Relative luminance of an OKLCH colour, clipped to sRGB as screens do. Source: CSS Color 4, sample code."""
    a, b = chroma * math.cos(math.radians(hue)), chroma * math.sin(math.radians(hue))
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    red = 4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short
    green = -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short
    blue = -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short
    red, green, blue = (min(1.0, max(0.0, part)) for part in (red, green, blue))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: tuple[float, float, float], other: tuple[float, float, float]) -> float:
    darker, lighter = sorted((luminance(*one), luminance(*other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("name", ["light", "dark by device", "dark by choice"])
def test_text_can_be_read_on_every_ground_it_is_set_on(name: str) -> None:
    theme = themes()[name]

    weak = {f"{ink} on {ground}": round(contrast(theme[ink], theme[ground]), 2) for ink, ground in TEXT}

    assert {pair: ratio for pair, ratio in weak.items() if ratio < 4.5} == {}


@pytest.mark.parametrize("name", ["light", "dark by device", "dark by choice"])
def test_marks_stand_out_from_every_ground_they_are_set_on(name: str) -> None:
    theme = themes()[name]

    weak = {f"{mark} on {ground}": round(contrast(theme[mark], theme[ground]), 2) for mark, ground in MARKS}

    assert {pair: ratio for pair, ratio in weak.items() if ratio < 3} == {}


def test_dark_is_the_same_whether_the_device_or_the_reader_chose_it() -> None:
    found = themes()

    assert found["dark by device"] == found["dark by choice"]


def test_every_colour_has_a_dark_value() -> None:
    found = themes()

    assert set(found["light"]) == set(found["dark by choice"])


def test_black_on_white_is_twenty_one_to_one() -> None:
    assert contrast((0, 0, 0), (1, 0, 0)) == pytest.approx(21, abs=0.01)
