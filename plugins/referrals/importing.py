"""Stages from the sales system, as rows or from its program: repeated ones count once, and those
that come before their turn wait for it."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import sqlalchemy as sa

from plugins.referrals import queries
from plugins.referrals.codes import read_code
from plugins.referrals.errors import ReferralError
from plugins.referrals.models import Campaign, EarlyStage, Lead
from plugins.referrals.stages import advance
from plugins.referrals.states import OPEN, SALES, Buyer, State
from portal.sdk import ProjectRef, business_date, db

MOST = 500
MOST_SUM = 10**13
"""Fen of a price, and hundredths of a square metre."""
DONE, REPEATED, WAITING = "done", "repeated", "waiting"
_ORDER = tuple(SALES)


@dataclass(frozen=True)
class Row:
    """A stage that was sent: the friend's code, the stage, its day, who signs, the paper, where."""

    line: int
    code: str
    stage: str
    on: date | None
    buyer: str
    paper: str
    building: str = ""
    # Fen, and hundredths of a square metre.
    price: int | None = None
    area: int | None = None


@dataclass(frozen=True)
class Outcome:
    """What became of a row: `done`, `repeated`, `waiting`, or the code of a refusal."""

    line: int
    code: str
    result: str


def read_rows(text: str) -> list[Row]:
    """Return the lines `code, stage, day, who signs, paper, building, price in yuan, square
    metres`; a heading and empty ones are skipped. Raises ReferralError: TOO_MANY_ROWS."""
    found = []
    for line, cells in enumerate(csv.reader(io.StringIO(text)), 1):
        code, stage, on, buyer, paper, where, price, area, *_ = [
            *(cell.strip() for cell in cells), *[""] * 8,
        ]  # fmt: skip
        if not code or stage == "stage":
            continue
        sums = _hundredths(price), _hundredths(area)
        found.append(Row(line, code, stage, _day(on), buyer, paper[:200], where[:40], *sums))
    if len(found) > MOST:
        raise ReferralError("TOO_MANY_ROWS")
    return found


def apply_rows(
    *, actor: Any, project: ProjectRef, rows: Sequence[Row], at: datetime
) -> list[Outcome]:
    """Write down every row that can be, earlier stages first; return what became of each."""
    ordered = sorted(rows, key=lambda row: (read_code(row.code), _place(row.stage), row.line))
    told = [Outcome(row.line, row.code[:20], _apply(actor, project, row, at)) for row in ordered]
    return sorted(told, key=lambda outcome: outcome.line)


def take_up(*, actor: Any, project: ProjectRef, lead: Lead, at: datetime) -> None:
    """Write down the stages of a lead that waited for their turn; one that cannot be keeps the
    reason. The lead's row is locked by whoever has just moved it."""
    waiting = db.session.scalars(
        sa.select(EarlyStage).where(EarlyStage.lead_id == lead.id).limit(len(_ORDER))
    ).all()
    for early in sorted(waiting, key=lambda each: _place(each.stage)):
        row = Row(
            0, "", early.stage, early.on_day, early.buyer, early.paper, early.building,
            early.price, early.area,
        )  # fmt: skip
        if _too_early(lead, row):
            break
        result = _advance(actor, project, lead, row, at)
        if result in (DONE, REPEATED):
            db.session.delete(early)
        else:
            early.reason = result
    db.session.flush()


def _apply(actor: Any, project: ProjectRef, row: Row, at: datetime) -> str:
    lead = queries.lead_by_pass(project.id, row.code)
    if lead is None or lead.campaign is None or lead.phone is None:
        return "UNKNOWN_CODE"
    if row.stage not in SALES or row.on is None or row.buyer not in ("", *Buyer):
        return "UNREADABLE"
    if row.on > business_date(project.time_zone, at):
        return "FUTURE"
    # One at a time for a lead: what comes early is there before its turn is looked for.
    db.session.refresh(lead, attribute_names=["state", "stage_on"], with_for_update=True)
    if _too_early(lead, row):
        return _keep(actor, project, lead, row)
    result = _advance(actor, project, lead, row, at)
    if result == DONE:
        take_up(actor=actor, project=project, lead=lead, at=at)
    return result


def _too_early(lead: Lead, row: Row) -> bool:
    """Return whether a lead under way has not come to the stage before."""
    sources = SALES[State(row.stage)]
    reached = OPEN.index(State(lead.state)) if lead.state in OPEN else len(OPEN)
    return reached < min(OPEN.index(source) for source in sources)


def _keep(actor: Any, project: ProjectRef, lead: Lead, row: Row) -> str:
    here = {"lead_id": lead.id, "stage": row.stage}
    found = db.session.scalar(sa.select(EarlyStage).filter_by(**here))
    if found is None:
        found = EarlyStage(project_id=project.id, **here)
        db.session.add(found)
    found.on_day, found.buyer, found.paper = row.on or found.on_day, row.buyer, row.paper
    found.building, found.by, found.reason = row.building, actor.id if actor else None, ""
    found.price, found.area = row.price or found.price, row.area or found.area
    db.session.flush()
    return WAITING


def _advance(actor: Any, project: ProjectRef, lead: Lead, row: Row, at: datetime) -> str:
    try:
        with db.session.begin_nested():
            done = advance(
                actor=actor,
                project=project,
                lead=lead,
                rules=db.session.get_one(Campaign, lead.campaign_id),
                to=State(row.stage),
                on=row.on or at.date(),
                at=at,
                buyer=row.buyer or Buyer.FRIEND,
                building=row.building,
                evidence=row.paper,
                price=row.price,
                area=row.area,
            )
    except ReferralError as error:
        return error.code
    return DONE if done else REPEATED


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text.replace("/", "-"))
    except ValueError:
        return None


def _hundredths(text: str) -> int | None:
    """Return yuan as fen, square metres as hundredths; None for what is no sum above nought."""
    try:
        found = int(Decimal(text) * 100)
    except (InvalidOperation, ValueError, OverflowError):
        return None
    return found if 0 < found <= MOST_SUM else None


def _place(stage: str) -> int:
    return _ORDER.index(State(stage)) if stage in SALES else len(_ORDER)
