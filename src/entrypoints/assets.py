"""``python -m entrypoints.assets``: makes the web fonts from the installed OFL packages, once, at set-up.

Subsets each family to the characters that the stylesheets name and pins the axes they do not use. A family whose
package is missing is left out, and the pages fall back to the system's faces.
"""

import importlib
import logging
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from adapters.http.assets import FACES, STATIC

FONTS: Final = STATIC / "fonts"
FEATURES: Final = [
    *("ccmp", "locl", "isol", "init", "medi", "med2", "fina", "fin2", "fin3", "rlig", "rclt", "calt", "liga", "clig"),
    *("mark", "mkmk", "kern", "curs", "dist", "tnum", "lnum"),
]
"""What shapes the scripts, and digits in columns. Small capitals, swashes and the like would double the weight."""
AxisLimits = dict[str, float | tuple[float, float]]
# file stem → package, font file, axes: pinned to a value or narrowed to a range
SOURCES: Final[dict[str, tuple[str, str, AxisLimits]]] = {
    "literata": ("fontpkg_literata", "Literata[opsz,wght].ttf", {"opsz": 20, "wght": (400, 700)}),
    "plex": ("fontpkg_ibm_plex_sans", "IBMPlexSans[wdth,wght].ttf", {"wdth": 100, "wght": (400, 700)}),
    "plex-arabic-400": ("fontpkg_ibm_plex_sans_arabic", "IBMPlexSansArabic-Regular.ttf", {}),
    "plex-arabic-600": ("fontpkg_ibm_plex_sans_arabic", "IBMPlexSansArabic-SemiBold.ttf", {}),
    "amiri-400": ("fontpkg_amiri", "Amiri-Regular.ttf", {}),
}


def characters(ranges: str) -> set[int]:
    """``U+0000-00FF,U+2212`` as code points."""
    points: set[int] = set()
    for part in ranges.split(","):
        first, _, last = part.removeprefix("U+").partition("-")
        points.update(range(int(first, 16), int(last or first, 16) + 1))
    return points


def source_of(package: str, name: str) -> Path | None:
    try:
        module = importlib.import_module(package)
    except ImportError:
        return None
    path = Path(str(module.__file__)).parent / "files" / name
    return path if path.exists() else None


def make(source: Path, target: Path, points: set[int], axes: AxisLimits) -> None:
    """Subset first (fast on the small rest), then narrow the axes."""
    subset: Any = importlib.import_module("fontTools.subset")
    instancer: Any = importlib.import_module("fontTools.varLib.instancer")
    ttlib: Any = importlib.import_module("fontTools.ttLib")
    options = subset.Options(flavor="woff2", layout_features=FEATURES, name_IDs=[0, 1, 2, 13, 14], notdef_outline=True)
    font = ttlib.TTFont(source, lazy=True)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=points)
    subsetter.subset(font)
    if axes:
        font = instancer.instantiateVariableFont(font, axes, inplace=True)
    font.flavor = "woff2"
    partial = target.with_suffix(".partial")
    font.save(partial)
    partial.replace(target)


def main(say: Callable[[str], object] = sys.stdout.write) -> int:
    for noisy in ("fontTools", "fontTools.subset", "fontTools.varLib"):
        logging.getLogger(noisy).setLevel(logging.ERROR)
    FONTS.mkdir(parents=True, exist_ok=True)
    newest = max(Path(file).stat().st_mtime for file in (__file__, STATIC.parent / "assets.py"))
    for name, _, _, ranges in FACES:
        target = FONTS / name
        package, file, axes = SOURCES[name.removesuffix(".woff2").removesuffix("-ext")]
        source = source_of(package, file)
        if source is None:
            say(f"fonts: {package} is not installed; system faces stand in for {name}\n")
        elif not target.exists() or target.stat().st_mtime < newest:
            try:
                make(source, target, characters(ranges), axes)
            except ImportError as missing:
                say(f"fonts: {missing.name} is not installed; system faces stand in\n")
                return 0
            say(f"fonts: {name} {target.stat().st_size // 1024} KiB\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
