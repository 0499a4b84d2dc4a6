"""Stages from the sales system, as rows: repeated ones count once, in whatever order they come."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from plugins.referrals import queries
from plugins.referrals.errors import ReferralError
from plugins.referrals.stages import advance
from plugins.referrals.states import SALES, Buyer, State
from portal.sdk import ProjectRef, db

MOST = 500
_ORDER = tuple(SALES)


@dataclass(frozen=True)
class Row:
    """A line of the file: the friend's code, the stage, its day, who signs, the paper."""

    line: int
    code: str
    stage: str
    on: date | None
    buyer: str
    paper: str


@dataclass(frozen=True)
class Outcome:
    """What became of a line: `done`, `repeated`, or the code of a refusal."""

    line: int
    code: str
    result: str


def read_rows(text: str) -> list[Row]:
    """Return the lines `code, stage, day, who signs, paper`; a heading and empty ones are skipped.

    Raises ReferralError: TOO_MANY_ROWS.
    """
    found = []
    for line, cells in enumerate(csv.reader(io.StringIO(text)), 1):
        code, stage, on, buyer, paper, *_ = [*(cell.strip() for cell in cells), *[""] * 5]
        if not code or stage == "stage":
            continue
        found.append(Row(line, code, stage, _day(on), buyer, paper[:200]))
    if len(found) > MOST:
        raise ReferralError("TOO_MANY_ROWS")
    return found


def apply_rows(
    *, actor: Any, project: ProjectRef, rows: Sequence[Row], at: datetime
) -> list[Outcome]:
    """Write down every row that can be, earlier stages first; return what became of each line."""
    ordered = sorted(rows, key=lambda row: (_place(row.stage), row.line))
    told = [Outcome(row.line, row.code[:20], _apply(actor, project, row, at)) for row in ordered]
    return sorted(told, key=lambda outcome: outcome.line)


def _apply(actor: Any, project: ProjectRef, row: Row, at: datetime) -> str:
    lead = queries.lead_by_pass(project.id, row.code)
    if lead is None or lead.campaign is None or lead.phone is None:
        return "UNKNOWN_CODE"
    if row.stage not in SALES or row.on is None or row.buyer not in ("", *Buyer):
        return "UNREADABLE"
    try:
        with db.session.begin_nested():
            done = advance(
                actor=actor,
                project=project,
                lead=lead,
                rules=lead.campaign,
                to=State(row.stage),
                on=row.on,
                at=at,
                buyer=row.buyer or Buyer.FRIEND,
                evidence=row.paper,
            )
    except ReferralError as error:
        return error.code
    return "done" if done else "repeated"


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text.replace("/", "-"))
    except ValueError:
        return None


def _place(stage: str) -> int:
    return _ORDER.index(State(stage)) if stage in SALES else len(_ORDER)
