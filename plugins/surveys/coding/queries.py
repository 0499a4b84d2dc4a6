"""What the pages of open answers show: numbers of a question, texts to sort, shared words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from plugins.surveys.coding.masking import covered
from plugins.surveys.figures.kappa import kappa
from plugins.surveys.figures.suppression import hidden
from plugins.surveys.instrument.document import read
from plugins.surveys.instrument.items import Item, items
from plugins.surveys.instrument.parts import IN_WORDS
from plugins.surveys.instrument.problems import InstrumentError
from plugins.surveys.models import Ballot, Code, Coder, Coding, SideAnswer, Wave
from plugins.surveys.models.coding import DECIDER, FIRST, SECOND
from plugins.surveys.states import SEALED, SideKind
from portal.sdk import Page, db, page_of

MOST_READ = 5_000
"""Texts that are read for the list of words: the first of their random order."""
_PAGE = 10


@dataclass(frozen=True)
class Line:
    """A code in the table of a question; None is hidden. `code` None: no code fits."""

    code: Code | None
    count: int | None
    percent: int | None


@dataclass(frozen=True)
class Progress:
    """How far a question is sorted: `first`, `second`: texts that each has sorted."""

    texts: int = 0
    first: int = 0
    second: int = 0
    agreed: int = 0
    differ: int = 0
    decided: int = 0
    kappa: float | None = None
    finals: Mapping[int | None, int] | None = None

    @property
    def both_done(self) -> bool:
        """Whether both have sorted everything: what they agree in is told only then."""
        return 0 < self.texts == self.agreed + self.differ

    @property
    def settled(self) -> bool:
        """Whether every difference is decided: the table is told only then, and once."""
        return self.both_done and self.decided == self.differ


@dataclass(frozen=True)
class Question:
    """A question in words with its codes, its progress, and the reader's seat (0: none)."""

    item: Item
    codes: Sequence[Code]
    progress: Progress
    seats: Mapping[int, int]
    enough: bool

    def seat_of(self, account_id: int) -> int:
        """Return somebody's seat, 0 for none."""
        return next((seat for seat, who in self.seats.items() if who == account_id), 0)

    @property
    def may_begin(self) -> bool:
        """Whether there are codes and one of the two seats of who sort is free."""
        return self.enough and bool(self.codes) and not {FIRST, SECOND} <= self.seats.keys()

    @property
    def may_decide(self) -> bool:
        """Whether there are differences and nobody decides them yet."""
        told = self.progress
        return told.both_done and told.differ > 0 and DECIDER not in self.seats

    def table(self, least: int) -> Sequence[Line]:
        """Return the codes with their counts, small ones and what would tell them hidden."""
        if not self.progress.settled or self.progress.finals is None:
            return []
        by_id: dict[int | None, Code | None] = {each.id: each for each in self.codes}
        cells = {key: self.progress.finals.get(key, 0) for key in [*by_id, None]}
        # Nobody's retired code says nothing.
        cells = {key: n for key, n in cells.items() if n or not _retired(by_id.get(key))}
        gone, whole = hidden(cells, least), self.progress.texts
        return [
            Line(by_id.get(key), None, None)
            if key in gone
            else Line(by_id.get(key), number, round(100 * number / whole))
            for key, number in cells.items()
        ]


@dataclass(frozen=True)
class Text:
    """A text to sort, personal numbers covered; `code_id`: as sorted at the reader's seat."""

    ballot_id: int
    words: str
    sorted: bool
    code_id: int | None
    others: tuple[int | None, int | None] | None = None


def in_words(wave: Wave) -> list[Item]:
    """Return the items of a wave that are answered in words."""
    try:
        found = items(read(wave.instrument))
    except InstrumentError:
        return []
    return [each for each in found if each.question.kind in IN_WORDS]


def questions(wave: Wave) -> list[Question]:
    """Return the questions in words of a wave with everything: three statements."""
    here = in_words(wave)
    codes: dict[str, list[Code]] = {}
    mine = sa.select(Code).where(Code.survey_id == wave.survey_id)
    for code in db.session.scalars(mine.order_by(Code.number)):
        codes.setdefault(code.question, []).append(code)
    seats: dict[int, dict[int, int]] = {}
    for item, seat, who in db.session.execute(
        sa.select(Coder.item, Coder.seat, Coder.account_id).where(Coder.wave_id == wave.id)
    ):
        seats.setdefault(item, {})[seat] = who
    progress = _progress(wave) if wave.state in SEALED else {}
    found = []
    for each in here:
        told = progress.get(each.position, Progress())
        enough = told.texts >= wave.least_cell
        mine_here = codes.get(each.question.key, [])
        found.append(
            Question(
                each,
                mine_here,
                told if enough else Progress(),
                seats.get(each.position, {}),
                enough,
            )
        )
    return found


def _progress(wave: Wave) -> dict[int, Progress]:
    """Return the progress by position: every pair of codes with its count, in one statement."""
    one, two, three = (aliased(Coding) for _ in range(3))
    columns = (
        SideAnswer.item,
        one.seat.is_not(None),
        one.code_id,
        two.seat.is_not(None),
        two.code_id,
        three.seat.is_not(None),
        three.code_id,
    )
    statement = sa.select(*columns, sa.func.count()).select_from(SideAnswer)
    for seat, at in ((one, FIRST), (two, SECOND), (three, DECIDER)):
        statement = statement.outerjoin(seat, _at(seat, at))
    found: dict[int, list[tuple[Any, ...]]] = {}
    for row in db.session.execute(statement.where(*_texts(wave)).group_by(*columns)):
        found.setdefault(row[0], []).append(tuple(row[1:]))
    return {item: _told(rows) for item, rows in found.items()}


def _told(rows: Sequence[tuple[Any, ...]]) -> Progress:
    texts = first = second = agreed = differ = decided = 0
    pairs: list[tuple[int | None, int | None]] = []
    finals: dict[int | None, int] = {}
    for has_one, one, has_two, two, has_three, three, number in rows:
        texts += number
        first += number if has_one else 0
        second += number if has_two else 0
        if not (has_one and has_two):
            continue
        pairs += [(one, two)] * number
        if one == two:
            agreed += number
            finals[one] = finals.get(one, 0) + number
            continue
        differ += number
        if has_three:
            decided += number
            finals[three] = finals.get(three, 0) + number
    agreement = kappa(pairs) if agreed + differ == texts else None
    return Progress(texts, first, second, agreed, differ, decided, agreement, finals)


def to_sort(wave: Wave, question: Question, seat: int, *, done: bool) -> Page[Text]:
    """Return a page of texts in random order: still to sort at a seat, or sorted there already.

    The third seat sees what the two differ in, and their codes; the others see none but their own.
    """
    mine, one, two = (aliased(Coding) for _ in range(3))
    columns: list[Any] = [SideAnswer.ballot_id, SideAnswer.value, mine.seat, mine.code_id]
    deciding = seat == DECIDER
    columns += [one.code_id, two.code_id] if deciding else []
    statement = sa.select(*columns).select_from(SideAnswer).outerjoin(mine, _at(mine, seat))
    if deciding:
        statement = statement.join(one, _at(one, FIRST)).join(two, _at(two, SECOND))
        statement = statement.where(one.code_id.is_distinct_from(two.code_id))
    statement = statement.where(*_texts(wave), SideAnswer.item == question.item.position)
    statement = statement.where(mine.seat.is_not(None) if done else mine.seat.is_(None))
    page = page_of(statement, SideAnswer.ballot_id, size=_PAGE)
    shown = [
        Text(
            row[0], covered(row[1]), row[2] is not None, row[3],
            (row[4], row[5]) if deciding else None,
        )
        for row in page.items
    ]  # fmt: skip
    return Page(shown, page.next_cursor, page.previous_cursor)


def read_texts(wave: Wave) -> list[str]:
    """Return answers in words of a wave, in random order, up to MOST_READ."""
    places = [each.position for each in in_words(wave)]
    mine = sa.select(SideAnswer.value).where(*_texts(wave), SideAnswer.item.in_(places))
    return list(db.session.scalars(mine.order_by(SideAnswer.ballot_id).limit(MOST_READ)))


def _texts(wave: Wave) -> tuple[sa.ColumnElement[bool], ...]:
    here = sa.select(Ballot.id).where(Ballot.wave_id == wave.id)
    # An erasure leaves "".
    return (
        SideAnswer.ballot_id.in_(here),
        SideAnswer.kind == SideKind.TEXT,
        SideAnswer.value != "",
    )


def _at(seat: Any, number: int) -> sa.ColumnElement[bool]:
    return sa.and_(
        seat.ballot_id == SideAnswer.ballot_id, seat.item == SideAnswer.item, seat.seat == number
    )


def _retired(code: Code | None) -> bool:
    return code is not None and code.retired
