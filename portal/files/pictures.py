"""Pictures from outside: decoded under a pixel limit and written anew, so that only pixels stay."""

import io
import warnings
from collections.abc import Iterable
from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageOps, UnidentifiedImageError
from werkzeug.datastructures import FileStorage

from portal.files.errors import UploadError
from portal.forms import tidy

FORMATS = ("JPEG", "PNG", "WEBP")
MAX_PIXELS = 40_000_000
MAX_SIDE = 2400
MIN_SIDE = 32
QUALITY = 85
_HEIC_BRANDS = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1", b"avif")
_HEAD = 32
NAME_LENGTH = 200
Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Picture:
    """A picture that is safe to keep: a JPEG without metadata. Sides in pixels."""

    data: bytes
    width: int
    height: int
    original_name: str

    content_type = "image/jpeg"


def name_of(upload: FileStorage) -> str:
    """Return what an upload is called, as one line without control characters."""
    return " ".join(tidy(upload.filename or "").split())[:NAME_LENGTH]


def cover(picture: Picture, boxes: Iterable[Box]) -> Picture:
    """Return a picture anew with parts painted over; what was under them is in none of its bytes.

    `boxes`: left, top, width and height as shares of the picture, 0 to 1.
    """
    with Image.open(io.BytesIO(picture.data), formats=FORMATS) as image:
        painted = image.convert("RGB")
    draw = ImageDraw.Draw(painted)
    for left, top, width, height in boxes:
        corners = (
            left * painted.width,
            top * painted.height,
            (left + width) * painted.width,
            (top + height) * painted.height,
        )
        draw.rectangle(corners, fill="black")
    return _written(painted, picture.original_name)


def prepare_picture(upload: FileStorage, *, megabytes: int) -> Picture:
    """Decode an upload and write it anew as a JPEG of at most 2400 pixels a side.

    Slow: call it before a write transaction opens. Raises UploadError.
    """
    name = name_of(upload)
    data = upload.stream.read(megabytes * 1024 * 1024 + 1)
    if not data:
        raise UploadError("empty" if name else "missing", file_name=name)
    if len(data) > megabytes * 1024 * 1024:
        raise UploadError("too_large", file_name=name, megabytes=megabytes)
    if data[4:8] == b"ftyp" and data[8:12] in _HEIC_BRANDS:
        raise UploadError("heic", file_name=name)
    image = _decode(data, name)
    return _written(image, name)


def _written(image: Image.Image, name: str) -> Picture:
    # Pillow would write comments and colour profiles of the original again.
    image.info.clear()
    out = io.BytesIO()
    image.save(out, "JPEG", quality=QUALITY, optimize=True, progressive=True)
    return Picture(out.getvalue(), image.width, image.height, name)


def _decode(data: bytes, name: str) -> Image.Image:
    """Return upright RGB pixels, whatever the file claimed to be."""
    try:
        with warnings.catch_warnings():
            # Damaged metadata only warns; a decompression bomb is judged by its size below.
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(data), formats=FORMATS) as image:
                if image.width * image.height > MAX_PIXELS:
                    raise UploadError("too_many_pixels", file_name=name)
                if min(image.size) < MIN_SIDE:
                    raise UploadError("too_small", file_name=name)
                image.draft("RGB", (MAX_SIDE, MAX_SIDE))
                image.load()
                upright = ImageOps.exif_transpose(image)
                upright.thumbnail((MAX_SIDE, MAX_SIDE), Image.Resampling.LANCZOS)
                return _on_white(upright)
    except Image.DecompressionBombError as error:
        raise UploadError("too_many_pixels", file_name=name) from error
    except UnidentifiedImageError as error:
        raise UploadError("not_picture", file_name=name) from error
    except UploadError:
        raise
    except Exception as error:
        # Pillow's decoders raise OSError, SyntaxError, ValueError, struct.error and others for
        # damaged files: whatever it is, the file is the cause.
        raise UploadError("broken", file_name=name) from error


def _on_white(image: Image.Image) -> Image.Image:
    """Return the picture in RGB; transparent parts become white, as paper is."""
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        rgba = image.convert("RGBA")
        paper = Image.new("RGB", rgba.size, "white")
        paper.paste(rgba, mask=rgba.getchannel("A"))
        return paper
    return image.convert("RGB")
