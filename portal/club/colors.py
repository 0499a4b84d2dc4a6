"""The brand colour: which ones are readable, and what the pages make of it."""

import re

LEAST_CONTRAST = 4.5
"""WCAG 2.2, success criterion 1.4.3: white text on the colour, and the colour on white."""
THEME_COLOR = "#0f766e"
_HEX = re.compile(r"#[0-9a-f]{6}")
_CSS = """:root {{
  --brand: {0}; --bs-primary: {0}; --bs-primary-rgb: {1};
  --brand-hover: color-mix(in srgb, {0} 85%, #000);
  --brand-dark: color-mix(in srgb, {0} 45%, #000);
  --brand-ink: color-mix(in srgb, {0} 80%, #000);
  --brand-soft: color-mix(in srgb, {0} 12%, #fff);
  --bs-link-color: var(--brand-ink);
}}
.side-nav {{ background: color-mix(in srgb, {0} 40%, #000); }}
.hero {{
  background: linear-gradient(170deg, var(--brand-dark), color-mix(in srgb, {0} 65%, #000));
}}
"""


def is_color(text: str) -> bool:
    """Tell whether `text` is a colour as we keep it: #rrggbb in lower case."""
    return _HEX.fullmatch(text) is not None


def contrast_with_white(color: str) -> float:
    """Return the contrast ratio of a colour (#rrggbb) with white, from 1 to 21.

    The formula is that of WCAG 2.2, "relative luminance".
    """
    red, green, blue = (_linear(part / 255) for part in _parts(color))
    return 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05)


def brand_css(color: str) -> str:
    """Return the style sheet of a brand colour; empty for the theme's own, or for no colour."""
    if color == THEME_COLOR or not is_color(color):
        return ""
    return _CSS.format(color, ", ".join(map(str, _parts(color))))


def _parts(color: str) -> tuple[int, int, int]:
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
