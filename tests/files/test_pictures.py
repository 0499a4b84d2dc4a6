"""What is taken as a picture, and what is left of it."""

import io
import struct
import zlib

import pytest
from PIL import Image
from werkzeug.datastructures import FileStorage

from portal.files.errors import SENTENCES, UploadError
from portal.files.pictures import MAX_SIDE, prepare_picture
from tests.factories import picture_bytes

SVG = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"
HTML = b"<!doctype html><script>alert(1)</script>"
HEIC = b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + b"\x00" * 200


def prepare(data, name="deed.png", megabytes=12):
    return prepare_picture(FileStorage(io.BytesIO(data), filename=name), megabytes=megabytes)


def opened(picture):
    return Image.open(io.BytesIO(picture.data))


def png_claiming(width, height):
    """A few bytes that say they are a huge picture."""

    def chunk(kind, body):
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 64)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_every_format_becomes_a_jpeg(app, kind):
    picture = prepare(picture_bytes(kind=kind))
    assert opened(picture).format == "JPEG"
    assert (picture.width, picture.height) == (800, 600)


def test_a_large_picture_is_made_smaller(app):
    picture = prepare(picture_bytes((6000, 3000), "JPEG"))
    assert (picture.width, picture.height) == (MAX_SIDE, MAX_SIDE // 2)


def test_the_place_and_the_camera_do_not_stay(app):
    exif = Image.Exif()
    exif[0x010F] = "Camera maker"
    exif.get_ifd(0x8825)[2] = (30.0, 15.0, 0.0)
    data = picture_bytes(kind="JPEG", exif=exif.tobytes(), comment=b"private words")
    assert b"Camera maker" in data
    picture = prepare(data)
    assert not opened(picture).getexif()
    assert b"Camera maker" not in picture.data
    assert b"private words" not in picture.data


def test_a_photo_taken_upright_stands_upright(app):
    exif = Image.Exif()
    exif[0x0112] = 6
    picture = prepare(picture_bytes((800, 600), "JPEG", exif=exif.tobytes()))
    assert (picture.width, picture.height) == (600, 800)


def test_what_was_see_through_becomes_white(app):
    out = io.BytesIO()
    Image.new("RGBA", (64, 64), (0, 0, 0, 0)).save(out, "PNG")
    assert opened(prepare(out.getvalue())).getpixel((30, 30)) == (255, 255, 255)


def test_a_polyglot_loses_its_second_half(app):
    picture = prepare(picture_bytes(kind="JPEG") + b"<script>alert(1)</script><?php evil(); ?>")
    assert b"script" not in picture.data
    assert b"php" not in picture.data


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty"),
        (b"no picture at all", "not_picture"),
        (SVG, "not_picture"),
        (HTML, "not_picture"),
        (b"GIF89a" + HTML, "not_picture"),
        (picture_bytes(kind="GIF"), "not_picture"),
        (picture_bytes(kind="TIFF"), "not_picture"),
        (HEIC, "heic"),
        (picture_bytes((3000, 2000), "JPEG")[:2000], "broken"),
        (picture_bytes()[:300], "broken"),
        (picture_bytes((8, 8)), "too_small"),
        (png_claiming(7000, 7000), "too_many_pixels"),
        (png_claiming(60_000, 60_000), "too_many_pixels"),
        (png_claiming(400, 400), "broken"),
    ],
)
def test_what_is_no_picture_is_refused_by_name(app, data, code):
    with pytest.raises(UploadError) as refused:
        prepare(data)
    assert refused.value.code == code
    assert refused.value.sentence.startswith("deed.png：")


def test_too_many_bytes_are_refused_before_decoding(app):
    with pytest.raises(UploadError) as refused:
        prepare(picture_bytes(kind="JPEG") + b"\0" * 1024 * 1024, megabytes=1)
    assert refused.value.code == "too_large"
    assert "1 MB" in refused.value.sentence


def test_nothing_chosen_is_said_so(app):
    with pytest.raises(UploadError) as refused:
        prepare(b"", name="")
    assert refused.value.code == "missing"


def test_every_code_has_a_sentence(app):
    for code in SENTENCES:
        assert UploadError(code, megabytes=3).sentence
