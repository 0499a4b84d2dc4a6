"""Bursts in the database: what the radar reads becomes stages; plans and the end by the group."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from plugins.complaints import radar
from plugins.complaints.casework import database_now
from plugins.complaints.errors import CaseError
from plugins.complaints.models import Burst, Case, Category, MeToo
from plugins.complaints.radar import Cell, Ended, Reading, Seen
from plugins.complaints.states import Stage, State
from portal.sdk import ProjectRef, business_date, db, emit, record

_UNCOUNTED = (State.WITHDRAWN, State.REJECTED)


def scan(project: ProjectRef) -> int:
    """Read the radar of a project and carry its bursts on; return how many changed their stage.

    What has stood down begins no burst of its trouble for WINDOW_DAYS; only a return that is
    markedly larger does, as an alert at once.
    """
    at = database_now()
    zone, today = ZoneInfo(project.time_zone), business_date(project.time_zone, at)
    begun = db.session.scalar(
        sa.select(sa.func.min(Case.created_at)).where(Case.project_id == project.id)
    )
    if begun is None:
        return 0
    seen = _seen(project, zone, at - timedelta(days=radar.PAST_DAYS + radar.WINDOW_DAYS))
    readings = radar.read(seen, today, begun.astimezone(zone).date())
    known = db.session.scalars(
        sa.select(Burst)
        .where(
            Burst.project_id == project.id,
            # A trouble that has stood down does not come again by the same households.
            sa.or_(
                Burst.stage != Stage.STOOD_DOWN,
                Burst.ended_at > at - timedelta(days=radar.WINDOW_DAYS),
            ),
        )
        .with_for_update()
    ).all()
    changed = 0
    live = [burst.cell for burst in known if burst.stage != Stage.STOOD_DOWN]
    for burst in known:
        if burst.stage != Stage.STOOD_DOWN:
            changed += _carry_on(burst, readings.get(burst.cell, Reading(0, 0, 1)), project, at)
    beginning = _returned(known, live, seen, readings, project, today)
    taken = [*beginning, *(burst.cell for burst in known)]
    for cell, stage in {**beginning, **radar.begin(readings, taken)}.items():
        category_id, building, contractor = cell
        burst = Burst(
            project_id=project.id,
            category_id=category_id,
            building=building,
            contractor=contractor,
            stage=stage,
            created_at=at,
            **_told(readings[cell]),
        )
        try:
            with db.session.begin_nested():
                db.session.add(burst)
        except sa.exc.IntegrityError:
            continue  # another scan was faster
        _emit(burst, project)
        changed += 1
    db.session.flush()
    return changed


def plan(*, actor: Any, burst: Burst, body: str) -> Burst:
    """Write down what is done about a burst. Raises CaseError STAGE once it has stood down."""
    burst = _lock(burst)
    burst.stage, burst.plan, burst.planned_at = Stage.PLAN, body, database_now()
    burst.account_id, burst.by = actor.id, actor.display_name
    _audit(actor, burst, "plan")
    return burst


def stand_down(*, actor: Any, burst: Burst) -> Burst:
    """End a burst by hand. Raises CaseError STAGE once it has stood down."""
    burst = _lock(burst)
    burst.stage, burst.ended_at = Stage.STOOD_DOWN, database_now()
    burst.account_id, burst.by = actor.id, actor.display_name
    _audit(actor, burst, "stand_down")
    return burst


def cases_of(burst: Burst) -> list[Case]:
    """Return the newest complaints of a burst, those with most households first."""
    mine = sa.select(Case).where(
        Case.project_id == burst.project_id,
        Case.category_id == burst.category_id,
        Case.state.not_in(_UNCOUNTED),
        Case.active_at >= burst.created_at - timedelta(days=radar.WINDOW_DAYS),
    )
    if burst.building:
        mine = mine.where(Case.building == burst.building)
    if burst.contractor:
        mine = mine.where(Case.contractor == burst.contractor)
    return list(db.session.scalars(mine.order_by(Case.households.desc(), Case.id.desc()).limit(20)))


def _carry_on(burst: Burst, reading: Reading, project: ProjectRef, at: datetime) -> bool:
    """Note a reading; a burst rises to alert, or ends after days of calm, and never falls."""
    before, today = burst.stage, business_date(project.time_zone, at)
    for name, value in _told(reading).items():
        setattr(burst, name, value)
    burst.calm_since = (burst.calm_since or today) if reading.is_calm else None
    if burst.stage == Stage.WATCH and reading.stage == Stage.ALERT:
        burst.stage = Stage.ALERT
    if radar.is_over(burst.calm_since, today):
        burst.stage, burst.ended_at = Stage.STOOD_DOWN, at
    if burst.stage != before:
        db.session.flush()
        _emit(burst, project)
    return burst.stage != before


def _returned(
    known: Sequence[Burst],
    live: Sequence[Cell],
    seen: Sequence[Seen],
    readings: Mapping[Cell, Reading],
    project: ProjectRef,
    today: date,
) -> dict[Cell, str]:
    """Return the cells whose trouble is back after it stood down, larger than it was then."""
    over = [burst for burst in known if burst.ended_at is not None and burst.cell in readings]
    found: dict[Cell, str] = {}
    looked: list[Cell] = list(live)
    # Of the same trouble only the last end counts.
    for burst in sorted(over, key=lambda each: each.ended_at or each.created_at, reverse=True):
        if any(radar.overlap(burst.cell, other) for other in looked):
            continue
        looked.append(burst.cell)
        day = business_date(project.time_zone, burst.ended_at)
        if readings[burst.cell].stage == Stage.ALERT and radar.returned(
            seen, Ended(burst.cell, day, burst.households), today, len(readings)
        ):
            found[burst.cell] = Stage.ALERT
    return found


def _seen(project: ProjectRef, zone: ZoneInfo, after: datetime) -> list[Seen]:
    rows = db.session.execute(
        sa.select(
            Case.category_id,
            Case.building,
            Case.contractor,
            MeToo.household_id,
            MeToo.created_at,
        )
        .join(Case, Case.id == MeToo.case_id)
        .where(
            MeToo.project_id == project.id,
            MeToo.created_at >= after,
            Case.state.not_in(_UNCOUNTED),
        )
    )
    return [Seen(row[0], row[1], row[2], row[3], row[4].astimezone(zone).date()) for row in rows]


def _told(reading: Reading) -> dict[str, Any]:
    return {
        "households": reading.households,
        "expected": reading.expected,
        "chance": reading.chance,
    }


def _lock(burst: Burst) -> Burst:
    found = db.session.get_one(Burst, burst.id, populate_existing=True, with_for_update=True)
    if found.stage == Stage.STOOD_DOWN:
        raise CaseError("STAGE", state=found.stage)
    return found


def _emit(burst: Burst, project: ProjectRef) -> None:
    category = db.session.get_one(Category, burst.category_id)
    emit(
        kind="complaints.burst",
        project_id=project.id,
        subject=("complaints_burst", burst.public_id),
        data={"stage": str(burst.stage), "category": category.key},
    )


def _audit(actor: Any, burst: Burst, what: str) -> None:
    record(
        actor=actor,
        action=f"complaints.{what}",
        subject=("complaints_burst", burst.public_id),
        project_id=burst.project_id,
    )
