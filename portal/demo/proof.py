"""A drawn purchase contract, as somebody would photograph it for a claim."""

import io

from PIL import Image, ImageDraw
from werkzeug.datastructures import FileStorage

_SIZE = (900, 1200)
_PAPER, _DESK, _INK, _FAINT, _STAMP = "#fbfaf5", "#6f5b45", "#2b2f33", "#c9c5b8", "#b3261e"
_TEXT = 26


def draw_contract(lines: tuple[str, ...]) -> FileStorage:
    """Return a PNG upload: a sheet of paper on a desk with `lines` (Latin text) and a red seal."""
    picture = Image.new("RGB", _SIZE, _DESK)
    draw = ImageDraw.Draw(picture)
    draw.rectangle((70, 60, 830, 1140), fill=_PAPER)
    draw.text((450, 130), "HOME PURCHASE CONTRACT", fill=_INK, font_size=36, anchor="mm")
    draw.line((130, 180, 770, 180), fill=_INK, width=3)
    for place, line in enumerate(lines):
        draw.text((130, 230 + 56 * place), line, fill=_INK, font_size=_TEXT)
    first = 270 + 56 * len(lines)
    for place in range(9):
        draw.line(
            (130, first + 44 * place, 770 - 60 * (place % 3), first + 44 * place),
            fill=_FAINT,
            width=6,
        )
    draw.ellipse((560, 900, 760, 1100), outline=_STAMP, width=8)
    draw.regular_polygon((660, 1000, 42), 5, fill=_STAMP)
    data = io.BytesIO()
    picture.rotate(2, resample=Image.Resampling.BICUBIC, fillcolor=_DESK).save(data, "PNG")
    data.seek(0)
    return FileStorage(data, filename="contract.png", content_type="image/png")
