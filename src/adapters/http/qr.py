"""Square codes for cameras, drawn into the page."""

import segno


def square_code(text: str) -> str:
    """SVG without scripts and styles. Dark on light whatever the page's colors: cameras want it so."""
    code = segno.make(text, error="m", micro=False)
    return str(code.svg_inline(scale=4, border=4, dark="#000", light="#fff", omitsize=True, svgclass="square-code"))
