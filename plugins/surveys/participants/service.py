"""A draft is narrowed to a list of card numbers: each row's outcome, and what then holds."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from plugins.surveys.frame.eligible import LISTED
from plugins.surveys.models import Wave
from plugins.surveys.waves import service
from portal.sdk import (
    MemberRef,
    ProjectRef,
    TableRow,
    find_cards,
    fold_text,
    homes_of_each,
    read_table,
)

MOST = 10_000
"""Rows of a list."""
COLUMNS = {"card": ("卡号", "会员卡号", "card number", "member card")}
_AT_ONCE = 500


class Outcome(StrEnum):
    """What becomes of a row."""

    TAKEN = "taken"
    UNKNOWN = "unknown"
    ELSEWHERE = "elsewhere"
    TWICE = "twice"
    UNREADABLE = "unreadable"


@dataclass(frozen=True)
class Row:
    """A row of the list with its line in the file; `member`: whose card it is, if it is taken."""

    line: int
    card: str
    outcome: Outcome
    member: int | None = None


def examine(*, data: bytes, project: ProjectRef) -> list[Row]:
    """Tell the outcome of each row of a CSV, an XLSX or a pasted list: two statements for 500.

    Raises TableError.
    """
    rows = read_table(data, columns=COLUMNS, needed=("card",), most=MOST)
    seen: set[str] = set()
    found: list[Row] = []
    for first in range(0, len(rows), _AT_ONCE):
        found += _outcomes(rows[first : first + _AT_ONCE], project, seen)
    return found


def keep(*, actor: Any, wave: Wave, version: int, members: Sequence[int]) -> None:
    """Narrow a draft to these members, or to nobody's list when there are none. Raises SurveyError:
    STALE, ILLEGAL_STEP."""
    rule = {name: chosen for name, chosen in wave.frame_rule.items() if name != LISTED}
    if members:
        rule[LISTED] = sorted(set(members))
    act = "listed" if members else "unlisted"
    service.change(actor=actor, wave=wave, version=version, act=act, frame_rule=rule)


def _outcomes(rows: Sequence[TableRow], project: ProjectRef, seen: set[str]) -> list[Row]:
    cards = [_card(row) for row in rows]
    known = find_cards({card for card in cards if card})
    homes = homes_of_each(known.values(), project)
    found = []
    for row, card in zip(rows, cards, strict=True):
        member = known.get(card)
        here = bool(member and homes[member.id])
        outcome = _outcome(row, member, here=here, again=card in seen)
        seen.add(card)
        kept = member.id if member and outcome == Outcome.TAKEN else None
        found.append(Row(row.line, card, outcome, kept))
    return found


def _outcome(row: TableRow, member: MemberRef | None, *, here: bool, again: bool) -> Outcome:
    if row.fault:
        return Outcome.UNREADABLE
    if again:
        return Outcome.TWICE
    if member is None:
        return Outcome.UNKNOWN
    return Outcome.TAKEN if here else Outcome.ELSEWHERE


def _card(row: TableRow) -> str:
    return "".join(fold_text(row.cells.get("card", "")).split())[:40]
