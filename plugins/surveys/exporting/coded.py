"""The answers of a sealed wave as bare codes: a column for each position, words beside it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from plugins.surveys.exporting.rows import FIELDS, Cell, read_out, signs
from plugins.surveys.instrument.document import read
from plugins.surveys.instrument.items import CodeKind, Item, items
from plugins.surveys.models import Wave

SHEET = "sheet"


@dataclass(frozen=True)
class Column:
    """A column after the strata: the code of an item, or what was said beside it (`said`)."""

    name: str
    item: Item
    said: bool = False


def columns(wave: Wave) -> list[Column]:
    """Return the columns: every item by its key, and `<key>.value` where words may lie beside."""
    found: list[Column] = []
    for item in items(read(wave.instrument)):
        found.append(Column(item.key, item))
        if _may_say(item):
            found.append(Column(f"{item.key}.value", item, said=True))
    return found


def header(wave: Wave) -> list[str]:
    """Return the names of the columns: the same in every language, for programs."""
    return [SHEET, *FIELDS, *(each.name for each in columns(wave))]


def answers(wave: Wave, cell: Cell) -> Iterator[list[object]]:
    """Yield a row for each answer: codes as numbers, what was said as text or number, or ""."""
    wanted = columns(wave)
    for row, sides in read_out(wave, cell):
        told: list[object] = [str(row.id), row.stage, row.building, row.tier]
        for each in wanted:
            place = each.item.position
            told.append(sides.get((row.id, place), "") if each.said else row.positions[place])
        yield told


def tables(wave: Wave, cell: Cell) -> Iterator[dict[str, Any]]:
    """Yield each answer as a JSON table: strata, codes by key, and what was said by key."""
    wanted = items(read(wave.instrument))
    for row, sides in read_out(wave, cell):
        said = {item.key: sides.get((row.id, item.position)) for item in wanted}
        yield {
            SHEET: str(row.id),
            **{name: getattr(row, name) for name in FIELDS},
            "signals": [str(each.name).lower() for each in signs(row, wanted)],
            "codes": {item.key: row.positions[item.position] for item in wanted},
            "said": {key: value for key, value in said.items() if value is not None},
        }


def _may_say(item: Item) -> bool:
    if item.kind == CodeKind.MARK:
        return True
    offered = [each.key for each in item.question.options if each.other]
    return bool(offered) and item.part in ("", "1", *offered)
