"""A plugin's own translations, read and tried at boot: a bad one is a reason for quarantine."""

import io
import re
from collections.abc import Mapping
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations

from portal.i18n import LANGUAGES
from portal.i18n_domain import msgid_of

FOLDER = "translations"
_PLACEHOLDER = re.compile(r"%\((\w+)\)")


class CatalogueError(Exception):
    """A plugin's catalogue cannot be used; the text says why."""


def read_catalogues(folder: Path) -> Mapping[str, Translations]:
    """Return the catalogues of the plugin in `folder` by language.

    The compiled one counts, `messages.mo`; without it the other, `messages.po`, is compiled here.
    Raises CatalogueError for one that cannot be read, or with a text that cannot be filled in.
    """
    found = {}
    for language in LANGUAGES:
        place = folder / FOLDER / language / "LC_MESSAGES"
        for path in (place / "messages.mo", place / "messages.po"):
            if path.is_file():
                found[language] = _read(path, language)
                break
    return found


def _read(path: Path, language: str) -> Translations:
    name = f"{FOLDER}/{language}/LC_MESSAGES/{path.name}"
    try:
        content = path.read_bytes()
        if path.suffix == ".po":
            content = _compiled(content, language)
        found = Translations(io.BytesIO(content))
        for key, text in found._catalog.items():
            check_text(msgid_of(key), text)
    except Exception as error:
        raise CatalogueError(f"{name} cannot be used: {type(error).__name__}: {error}") from error
    return found


def _compiled(content: bytes, language: str) -> bytes:
    buffer = io.BytesIO()
    write_mo(buffer, read_po(io.BytesIO(content), locale=language, abort_invalid=True))
    return buffer.getvalue()


def check_text(msgid: str, text: str) -> None:
    """Raise ValueError for a translation that asks for what its sentence does not give."""
    given = dict.fromkeys(_PLACEHOLDER.findall(msgid), 0) | {"num": 0}
    try:
        msgid % given
    except (KeyError, TypeError, ValueError):
        return  # Nobody fills this sentence in.
    try:
        text % given
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"the translation of {msgid!r} has other placeholders") from error
