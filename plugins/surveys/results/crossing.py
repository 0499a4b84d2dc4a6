"""Cross tables of a closed wave: a question, or where somebody lives, by a question."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from plugins.surveys.figures import chance, nps
from plugins.surveys.figures.counting import FIELDS, counts, joint
from plugins.surveys.figures.suppression import Cross, cross, nps_shown
from plugins.surveys.instrument.items import CodeKind, Item
from plugins.surveys.instrument.parts import Kind
from plugins.surveys.models import Wave
from plugins.surveys.results.meaning import Answers
from plugins.surveys.results.showable import bar, strata

Codes = tuple[int, ...]
SILENT: Codes = ()
"""The column of who gave no answer."""
_NPS: tuple[Codes, ...] = ((9, 10), (7, 8), (0, 1, 2, 3, 4, 5, 6))
_FIVE = frozenset(range(1, 6))


@dataclass(frozen=True)
class Line:
    """A row: the codes, or the stratum's `name`; its total and its cells, None where hidden."""

    codes: Codes
    name: str
    total: int | None
    cells: Sequence[int | None]

    def percent(self, place: int) -> int | None:
        """Return a cell in whole percent of the row; None where it is hidden."""
        cell = self.cells[place]
        return None if cell is None or not self.total else round(100 * cell / self.total)


@dataclass(frozen=True)
class Crossed:
    """A cross table by the one rule; `row` None: by a stratum; `told`: a test of what is shown."""

    row: Item | None
    column: Item
    columns: Sequence[Codes]
    lines: Sequence[Line]
    totals: Sequence[int | None]
    total: int | None
    told: chance.Chance | None


@dataclass(frozen=True)
class Offered:
    """The items of a wave that may be crossed, by key; and how many answered, None for few."""

    items: Mapping[str, Item]
    answers: Answers

    @property
    def few(self) -> bool:
        """Whether fewer than k answered at all."""
        return self.answers.size < self.answers.least


def offered(wave: Wave) -> Offered:
    """Return what may be crossed of a wave: one statement."""
    answers = Answers.of(wave.instrument, counts(wave.id), wave.least_cell)
    return Offered({each.key: each for each in answers.items if groups(answers, each)}, answers)


def groups(answers: Answers, item: Item) -> tuple[Codes, ...]:
    """Return the groups of codes of an item, as its own figures show them; () for none."""
    counted, least = answers.at(item), answers.least
    found: tuple[Codes, ...] = ()
    if item.question.kind == Kind.NPS:
        three = nps.groups(counted)
        fine = nps_shown(three.promoters, three.passives, three.detractors, least)
        found = _NPS if fine else ()
    elif item.kind == CodeKind.VALUE and set(item.codes) == _FIVE:
        shown = bar(counted, least)
        found = tuple(codes for codes, _ in shown.groups) if shown else ()
    elif item.kind in (CodeKind.CHOICE, CodeKind.TICK):
        found = tuple((code,) for code in sorted(item.codes))
    if not found:
        return ()
    return found if answers.complete(item) else (*found, SILENT)


def crossed(wave: Wave, known: Offered, *, row: str, column: str) -> Crossed:
    """Return a cross table; `row`: a key or a stratum. One statement. Raises KeyError."""
    across = known.items[column]
    columns = groups(known.answers, across)
    if row in FIELDS:
        return _by_stratum(wave, known.answers, row, across, columns)
    down = known.items[row]
    rows = groups(known.answers, down)
    table = [[0] * len(columns) for _ in rows]
    for (one, two), number in joint(wave.id, [down.position, across.position]).items():
        table[_place(rows, one)][_place(columns, two)] += number
    gone = cross(table, wave.least_cell)
    return _told(down, across, columns, [(each, "") for each in rows], table, gone)


def _by_stratum(
    wave: Wave, answers: Answers, field: str, across: Item, columns: Sequence[Codes]
) -> Crossed:
    atoms: dict[tuple[str, ...], list[int]] = {}
    for (*names, code), number in joint(wave.id, [across.position], by=FIELDS).items():
        atoms.setdefault(tuple(names), [0] * len(columns))[_place(columns, code)] += number
    found = strata(atoms, FIELDS, answers.least)[field]
    lines = [(SILENT, name) for name in found.names]
    return _told(None, across, columns, lines, found.table, found.gone)


def _place(groups_: Sequence[Codes], code: int) -> int:
    fits = (place for place, codes in enumerate(groups_) if code in codes)
    return next(fits, len(groups_) - 1)


def _told(
    row: Item | None,
    column: Item,
    columns: Sequence[Codes],
    names: Sequence[tuple[Codes, str]],
    table: Sequence[Sequence[int]],
    gone: Cross,
) -> Crossed:
    lines = [
        Line(
            *names[y],
            None if y in gone.rows else sum(line),
            [None if (y, x) in gone.cells else number for x, number in enumerate(line)],
        )
        for y, line in enumerate(table)
    ]
    # The test speaks of answers alone, and follows from what is shown.
    spoken = [x for x, codes in enumerate(columns) if codes and x not in gone.columns]
    whole = [line.cells for line in lines if line.name or line.codes or row is None]
    shown = [[cells[x] for x in spoken] for cells in whole]
    tested = [[cell for cell in cells if cell is not None] for cells in shown if None not in cells]
    sums = [sum(line) for line in zip(*table, strict=True)]
    return Crossed(
        row,
        column,
        columns,
        lines,
        [None if x in gone.columns else number for x, number in enumerate(sums)],
        None if gone.total else sum(sums),
        chance.chi_square(tested) if tested and spoken else None,
    )
