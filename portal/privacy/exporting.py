"""Building a member's file: JSON for programs, one page for people, and the files' bytes."""

import json
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path, PurePosixPath
from typing import IO, Any

from flask import current_app
from flask_babel import force_locale, format_date, format_datetime

from portal import clock
from portal.club.queries import current_club
from portal.i18n import Text, gettext, localized
from portal.members.models import Member
from portal.personal_data import ExportFile, ExportPart, as_json
from portal.slots import ask_installed, fill
from portal.words import find_title

SHOWN_ROWS = 500
"""Rows of a part that the page shows; the JSON has all."""
_SUFFIX = re.compile(r"\.[a-z0-9]{1,5}")
_OWNER = re.compile(r"[a-z][a-z0-9_]{0,39}")


@dataclass
class Shown:
    """A part as the page of the file shows it."""

    title: Text
    columns: list[Text]
    rows: list[list[str]] = field(default_factory=list)
    more: int = 0
    file: str = ""


def parts_of(member: Member) -> tuple[list[tuple[str, ExportPart]], list[str]]:
    """Return every part, each with its owner ("" for core's), and the plugins that gave none."""
    found: list[tuple[str, ExportPart]] = [
        ("", part) for part in fill("export_member_data", member)
    ]
    missing = []
    for answer in ask_installed("export_member_data", member=member):
        if answer.fault is not None:
            missing.append(answer.plugin)
        else:
            found += [(answer.plugin, part) for part in answer.value]
    return found, missing


def write_export(
    target: IO[bytes],
    member: Member,
    *,
    language: str,
    tell: Callable[[int, int], object] = lambda done, total: None,
) -> list[str]:
    """Write a member's zip; `tell` hears how many parts are done of how many.

    Returns the names of plugins whose part is missing, which the file names, too.
    """
    with force_locale(language), zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        parts, missing = parts_of(member)
        shown = []
        for done, (owner, part) in enumerate(parts, 1):
            shown.append(_write_part(archive, owner, part))
            tell(done, len(parts))
        page = current_app.jinja_env.get_template("privacy/export_index.html").render(
            club=localized(current_club().name),
            language=language.replace("_", "-"),
            name=member.name,
            made_at=_words(clock.now()),
            parts=shown,
            missing=missing,
        )
        archive.writestr("index.html", page)
        style = current_app.jinja_env.get_template("privacy/export_style.css").render()
        archive.writestr("style.css", style)
        # Programs find here what people read on the page.
        archive.writestr("missing.json", json.dumps(missing))
    return missing


def _write_part(archive: zipfile.ZipFile, owner: str, part: ExportPart) -> Shown:
    name = f"{owner}.{part.name}" if owner else part.name
    path = f"data/{name}.json"
    shown = Shown(part.title, list(part.columns.values()), file=path)
    with archive.open(path, "w") as stream:
        stream.write(b"[")
        for number, row in enumerate(part.rows):
            stream.write(b",\n" if number else b"\n")
            stream.write(as_json(row).encode())
            if number < SHOWN_ROWS:
                shown.rows.append(list(_cells(part, row)))
            else:
                shown.more += 1
        stream.write(b"\n]\n")
    _write_files(archive, name, part.files)
    return shown


def _write_files(archive: zipfile.ZipFile, name: str, files: Iterable[ExportFile]) -> None:
    """Write files under names of our own: none of theirs becomes a path."""
    for number, file in enumerate(files, 1):
        suffix = PurePosixPath(file.name).suffix.lower()
        if not _SUFFIX.fullmatch(suffix):
            suffix = ".bin"
        path = f"files/{name}/{number:03d}{suffix}"
        if isinstance(file.content, Path):
            if file.content.is_file():
                archive.write(file.content, path)
        else:
            archive.writestr(path, file.content)


def _cells(part: ExportPart, row: Mapping[str, Any]) -> Iterator[str]:
    for key in part.columns:
        value = row.get(key)
        kind = part.words.get(key)
        word = find_title(kind, value) if kind and isinstance(value, str) else None
        yield _words(value) if word is None else str(word)


def _words(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return gettext("Yes") if value else gettext("No")
    if isinstance(value, datetime):
        return str(format_datetime(value, "short"))
    if isinstance(value, date):
        return str(format_date(value))
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {_words(each)}" for key, each in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(_words, value))
    return str(value)
