"""The answers of a sealed wave as an SPSS file: labels of variables and codes, missing values.

pyreadstat (the extra `spss`) writes it; it is imported when a file is asked for, never before.
"""

import math
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from plugins.surveys.exporting import coded
from plugins.surveys.exporting.coded import Column
from plugins.surveys.exporting.rows import FIELDS, Cell
from plugins.surveys.instrument.items import DOES_NOT_APPLY, NOT_SHOWN, SKIPPED, CodeKind
from plugins.surveys.instrument.parts import Kind
from plugins.surveys.models import Wave
from plugins.surveys.words import STAGES
from portal.sdk import gettext, localized

_FIRST = (coded.SHEET, *FIELDS)
_LONGEST = 250
"""Characters of a label: SPSS keeps 256 bytes of a variable's and 120 of a value's."""
_VALUE_BYTES = 120
_RESERVED = frozenset(
    ("all", "and", "by", "eq", "ge", "gt", "le", "lt", "ne", "not", "or", "to", "with")
)


def available() -> bool:
    """Tell whether the library is installed."""
    return find_spec("pyreadstat") is not None


def sav(wave: Wave, cell: Cell) -> bytes:
    """Return the file. Codes below 0 (not shown, skipped, does not apply) are missing values."""
    import pandas as pd
    import pyreadstat

    wanted = coded.columns(wave)
    frame = pd.DataFrame(coded.answers(wave, cell), columns=[*_FIRST, *map(variable, wanted)])
    for each in wanted:
        if each.said and each.item.question.kind == Kind.NUMBER:
            name = variable(each)
            frame[name] = [math.nan if value == "" else float(value) for value in frame[name]]
    codes = [each for each in wanted if not each.said]
    labels: dict[str, dict[Any, str]] = {variable(each): _values(each) for each in codes}
    labels["stage"] = {key: _cut(str(word), _VALUE_BYTES) for key, word in STAGES.items()}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "answers.sav"
        pyreadstat.write_sav(
            frame,
            str(path),
            file_label=_cut(localized(wave.title), 60),
            column_labels=[*_first_labels(), *map(_label, wanted)],
            variable_value_labels=labels,
            missing_ranges={
                variable(each): [{"lo": DOES_NOT_APPLY, "hi": NOT_SHOWN}] for each in codes
            },
            variable_measure={
                variable(each): "scale" if each.item.kind == CodeKind.VALUE else "nominal"
                for each in codes
            },
        )
        return path.read_bytes()


def variable(column: Column) -> str:
    """Return the name of a column's variable: its own, unless SPSS keeps that for itself."""
    return f"@{column.name}" if column.name in _RESERVED else column.name


def _first_labels() -> list[str]:
    return [
        gettext("Answer sheet"),
        gettext("Stage of the home"),
        gettext("Building"),
        gettext("Tier"),
    ]


def _label(column: Column) -> str:
    item = column.item
    text, part = localized(item.question.text), localized(item.text)
    if item.kind == CodeKind.PLACE:
        text = gettext("%(question)s: place %(place)s", question=text, place=item.part)
    elif item.part:
        text = f"{text}: {part}"
    if column.said:
        text = gettext("%(question)s (in words)", question=text)
    return _cut(text, _LONGEST)


def _values(column: Column) -> dict[Any, str]:
    missing = {
        NOT_SHOWN: gettext("(not shown)"),
        SKIPPED: gettext("(skipped)"),
        DOES_NOT_APPLY: gettext("(does not apply)"),
    }
    if column.item.kind == CodeKind.MARK:
        return missing | {1: gettext("Answered")}
    if column.item.kind == CodeKind.TICK:
        return missing | {0: gettext("not chosen"), 1: gettext("chosen")}
    said = {code: localized(texts) for code, texts in column.item.codes.items() if texts}
    return missing | {code: _cut(text, _VALUE_BYTES) for code, text in said.items()}


def _cut(text: str, most: int) -> str:
    """Return the longest beginning of a text that fits into so many bytes."""
    return text.encode()[:most].decode(errors="ignore")
