"""A wave's figures and cross tables as rows of a file, and as JSON: what the pages show."""

from collections.abc import Iterator
from typing import Any

from plugins.surveys.figures.intervals import Figure
from plugins.surveys.instrument.items import CodeKind, Item
from plugins.surveys.instrument.parts import Kind
from plugins.surveys.models import Wave
from plugins.surveys.results.crossing import Codes, Crossed, Line
from plugins.surveys.results.reading import Results, Shown
from plugins.surveys.words import DIMENSIONS, FIELDS, FIGURES, STAGES
from portal.sdk import gettext, localized


def header() -> list[str]:
    """Return the titles of the columns of a wave's figures."""
    return [
        gettext("Figure"), gettext("Group of answers"), gettext("Value"), gettext("from"),
        gettext("to"), gettext("Answers"), gettext("Base"),
    ]  # fmt: skip


def lines(wave: Wave, found: Results, by: str) -> Iterator[list[object]]:
    """Yield a row for each figure, each group of answers, each stratum: hidden as on the page."""
    few = gettext("fewer than %(num)s", num=wave.least_cell)
    main = (found.satisfied, found.again, found.recommend, found.loyal)
    for title, figure in zip(FIGURES, main, strict=True):
        yield _figure(f"{title} (%)", figure, 100, few)
    yield _figure("NPS", found.nps, 1, few)
    yield _figure(gettext("Whole index"), found.whole, 1, few)
    for key, figure in found.dimensions.items():
        yield _figure(str(DIMENSIONS.get(key, key)), figure, 1, few)
    for shown in found.items:
        yield from _item(shown, few)
    for cell in found.strata:
        name = stratum(by, cell.name)
        percent = few if cell.satisfied is None else cell.satisfied
        yield [FIELDS[by], name, percent, "", "", few if cell.base is None else cell.base, ""]


def crossed_header(found: Crossed, by: str) -> list[str]:
    """Return the titles of the columns of a cross table."""
    first = title(found.row) if found.row else str(FIELDS[by])
    named = [label(found.column, codes) for codes in found.columns]
    return [first, *named, *(f"{each} (%)" for each in named), gettext("Answers")]


def crossed_lines(wave: Wave, found: Crossed, by: str) -> Iterator[list[object]]:
    """Yield the rows of a cross table, then its totals."""
    few = gettext("fewer than %(num)s", num=wave.least_cell)

    def told(value: int | None) -> object:
        return few if value is None else value

    for line in [*found.lines, Line((), "", found.total, found.totals)]:
        last = line.cells is found.totals
        name = gettext("Total") if last else line_name(found, line, by)
        percents = [told(line.percent(place)) for place, _ in enumerate(found.columns)]
        yield [name, *map(told, line.cells), *percents, told(line.total)]


def line_name(found: Crossed, line: Line, by: str) -> str:
    """Return what a row of a cross table is called."""
    return label(found.row, line.codes) if found.row else stratum(by, line.name)


def stratum(by: str, name: str) -> str:
    """Return what a stratum is called."""
    return str(STAGES[name]) if by == "stage" and name else name or "—"


def title(item: Item) -> str:
    """Return what an item asks."""
    text = localized(item.question.text)
    return f"{text}: {localized(item.text)}" if item.part else text


def label(item: Item, codes: Codes) -> str:
    """Return what a group of codes of an item is called."""
    if not codes:
        return gettext("No answer")
    if item.question.kind == Kind.NPS and len(codes) > 1:
        names = {10: gettext("Promoters"), 8: gettext("Passives"), 6: gettext("Detractors")}
        return names[max(codes)]
    if item.kind == CodeKind.TICK:
        return gettext("chosen") if codes == (1,) else gettext("not chosen")
    if item.kind == CodeKind.CHOICE:
        return localized(item.codes[codes[0]])
    return "–".join(str(code) for code in sorted({min(codes), max(codes)}))


def as_json(wave: Wave, found: Results) -> dict[str, Any]:
    """Return the results for programs."""
    figures = ("satisfied", "again", "recommend", "loyal", "nps", "whole")
    return {
        "least_cell": wave.least_cell,
        "figures": {name: _plain(getattr(found, name)) for name in figures},
        "dimensions": {key: _plain(each) for key, each in found.dimensions.items()},
        "items": [_counts(each) for each in found.items],
        "strata": [
            {"name": each.name, "answers": each.base, "satisfied": each.satisfied}
            for each in found.strata
        ],
    }


def crossed_json(wave: Wave, found: Crossed, by: str) -> dict[str, Any]:
    """Return a cross table for programs; null: hidden."""
    test = found.told
    return {
        "least_cell": wave.least_cell,
        "row": found.row.key if found.row else by,
        "column": found.column.key,
        "columns": [list(codes) for codes in found.columns],
        "rows": [
            {
                "codes": list(each.codes),
                "name": each.name,
                "answers": each.total,
                "counts": list(each.cells),
            }
            for each in found.lines
        ],
        "counts": list(found.totals),
        "answers": found.total,
        "test": test and {"statistic": test.statistic, "degrees": test.degrees, "p": test.p},
    }


def _plain(figure: Figure) -> dict[str, Any]:
    told = {name: getattr(figure, name) for name in ("value", "low", "high")}
    return {**told, "base": figure.base if figure.exact else None}


def _counts(shown: Shown) -> dict[str, Any]:
    counts: list[dict[str, Any]] | None = None
    if shown.bar:
        whole = shown.bar.base
        counts = [
            {"codes": list(codes), "count": number, "percent": round(100 * number / whole)}
            for codes, number in shown.bar.groups
        ]
    elif shown.choices is not None:
        counts = [
            {"codes": [each.code], "count": each.count, "percent": each.percent}
            for each in shown.choices
        ]
    for each in counts or [] if not shown.exact else []:
        each["count"] = None
    return {"key": shown.item.key, "text": dict(shown.item.text), "counts": counts}


def _item(shown: Shown, few: str) -> Iterator[list[object]]:
    name, said = title(shown.item), _counts(shown)["counts"]
    if said is None:
        yield [name, "", few, "", "", few, ""]
    for each in said or []:
        hidden = each["percent"] is None
        count = "" if each["count"] is None and not hidden else each["count"]
        yield [
            name,
            label(shown.item, tuple(each["codes"])),
            few if hidden else each["percent"],
            "",
            "",
            few if hidden else count,
            shown.bar.base if shown.bar and shown.exact else "",
        ]


def _figure(name: str, figure: Figure, factor: int, few: str) -> list[object]:
    if figure.value is None or figure.low is None or figure.high is None:
        return [name, "", few, "", "", "", ""]
    told = [round(each * factor, 1) for each in (figure.value, figure.low, figure.high)]
    return [name, "", *told, "", figure.base if figure.exact else ""]
