"""Reminders: whom they would reach now, and marking these in one statement.

Nothing here tells when somebody answered: a reminder looks at `answered` as it stands now.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from plugins.surveys.errors import SurveyError
from plugins.surveys.inviting.telling import REMIND
from plugins.surveys.models import Participation, Wave
from plugins.surveys.states import State
from portal.sdk import ProjectRef, db, enqueue, record

MOST = 3
"""How often one person or household is reminded in a wave."""
APART = timedelta(days=2)
"""Between an invitation or a reminder, and the next reminder."""


@dataclass(frozen=True)
class Silent:
    """Who has not answered: all of them, those whom a reminder reaches now, and when it reaches
    others next; None: never."""

    all: int
    now: int
    next_at: datetime | None


def silent(wave: Wave, at: datetime) -> Silent:
    """Count who has not answered, in one statement."""
    told, ready = _told(), _ready(at)
    later = sa.and_(told > at - APART, Participation.reminded < MOST)
    row = db.session.execute(
        sa.select(
            sa.func.count(Participation.id),
            sa.func.sum(sa.case((ready, 1), else_=0)),
            sa.func.min(sa.case((later, told))),
        ).where(Participation.wave_id == wave.id, Participation.answered.is_(False))
    ).one()
    return Silent(row[0], row[1] or 0, row[2] + APART if row[2] else None)


def remind(*, actor: Any, project: ProjectRef, wave: Wave, at: datetime) -> int:
    """Mark everybody who has not answered as reminded, and let a job tell them; return how many.

    Of two at the same moment the second finds nobody left. Raises SurveyError: NOT_OPEN, NOBODY.
    """
    # Held until the end: nobody closes or pauses the wave in between.
    fresh = sa.select(Wave.state).where(Wave.id == wave.id).with_for_update(read=True)
    if db.session.scalar(fresh) != State.FIELD:
        raise SurveyError("NOT_FIELD", state=wave.state, version=wave.version)
    done = db.session.execute(
        sa.update(Participation)
        .where(Participation.wave_id == wave.id, Participation.answered.is_(False), _ready(at))
        .values(reminded=Participation.reminded + 1, reminded_at=at)
        .execution_options(synchronize_session=False)
    )
    number = int(getattr(done, "rowcount", 0))
    if not number:
        raise SurveyError("NOBODY_SILENT", state=wave.state, version=wave.version)
    facts: Mapping[str, object] = {"number": wave.number, "reminded": number}
    record(
        actor=actor,
        action="surveys.reminded",
        subject=("surveys_wave", wave.public_id),
        project_id=wave.project_id,
        facts=facts,
    )
    enqueue(
        kind=REMIND,
        payload={"wave": wave.id, "at": at.isoformat()},
        project_id=project.id,
        key=f"{REMIND}:{wave.public_id}:{at.isoformat()}",
    )
    return number


def _told() -> sa.ColumnElement[Any]:
    return sa.func.coalesce(
        Participation.reminded_at, Participation.invited_at, type_=Participation.invited_at.type
    )


def _ready(at: datetime) -> sa.ColumnElement[bool]:
    return sa.and_(_told() <= at - APART, Participation.reminded < MOST)
