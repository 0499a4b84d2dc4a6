"""The owner's code as a picture: for screens, and as PNG and PDF to print or to pass on."""

import io

import segno
from PIL import Image, ImageDraw, ImageFont

from plugins.referrals.codes import show_code

_DARK, _PAPER = "#0f3d3a", "#ffffff"
_WIDE, _HIGH = 1240, 1754  # A4 at 150 dots an inch.
_MARGIN = 120


def qr_of(text: str) -> str:
    """Return a QR code as the address of a picture within a page."""
    return segno.make(text, error="m", micro=False).svg_data_uri(scale=6, border=2, dark=_DARK)


def poster(code: str, link: str, kind: str) -> bytes:
    """Return a page of A4 with the QR code and the code in letters, as `png` or `pdf`.

    Words in Chinese stand on the page to print: no font for them comes with the portal.
    """
    page = Image.new("RGB", (_WIDE, _HIGH), _DARK)
    draw = ImageDraw.Draw(page)
    side = _WIDE - 2 * _MARGIN
    draw.rounded_rectangle((_MARGIN, 240, _WIDE - _MARGIN, 240 + side), 48, fill=_PAPER)
    picture = io.BytesIO()
    segno.make(link, error="q", micro=False).save(picture, kind="png", scale=20, dark=_DARK)
    with Image.open(picture) as square:
        inner = square.convert("RGB").resize((side - 120, side - 120), Image.Resampling.NEAREST)
    page.paste(inner, (_MARGIN + 60, 300))
    _write(draw, show_code(code), 240 + side + 110, 110)
    _write(draw, link.partition("://")[2], 240 + side + 260, 30)
    out = io.BytesIO()
    page.save(out, kind.upper(), resolution=150)
    return out.getvalue()


def _write(draw: ImageDraw.ImageDraw, text: str, top: int, size: int) -> None:
    font = ImageFont.load_default(size)
    wide = draw.textlength(text, font=font)
    draw.text(((_WIDE - wide) / 2, top), text, fill=_PAPER, font=font)
