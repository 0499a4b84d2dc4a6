"""Actions are added, changed, ordered, marked, withdrawn and put back, from the close on."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from plugins.surveys.errors import SurveyError
from plugins.surveys.models import Action, Wave
from plugins.surveys.states import DONE
from portal.sdk import db, record

MOST = 50


def find(wave: Wave, public_id: str) -> Action | None:
    """Return an action of a wave, withdrawn or not."""
    mine = sa.select(Action).where(Action.wave_id == wave.id, Action.public_id == public_id)
    return db.session.scalar(mine)


def add(
    *, actor: Any, wave: Wave, dimension: str, said: Mapping[str, str], did: Mapping[str, str]
) -> Action:
    """Add an action at the end. Raises SurveyError: STILL_OPEN, MANY_ACTIONS."""
    if wave.state not in DONE:
        raise SurveyError("STILL_OPEN", state=wave.state, version=wave.version)
    mine = sa.select(sa.func.count(Action.id), sa.func.max(Action.position))
    number, last = db.session.execute(mine.where(Action.wave_id == wave.id)).one()
    if number >= MOST:
        raise SurveyError("MANY_ACTIONS", state=wave.state, version=wave.version)
    made = Action(
        wave_id=wave.id,
        project_id=wave.project_id,
        dimension=dimension,
        said=dict(said),
        did=dict(did),
        position=(last or 0) + 1,
        made_by=actor.id,
    )
    db.session.add(made)
    db.session.flush()
    _record(actor, "action_added", wave, made)
    return made


def edit(
    *,
    actor: Any,
    wave: Wave,
    action: Action,
    dimension: str,
    said: Mapping[str, str],
    did: Mapping[str, str],
) -> None:
    """Change what an action says."""
    action.dimension, action.said, action.did = dimension, dict(said), dict(did)
    _record(actor, "action_edited", wave, action)


def mark(*, actor: Any, wave: Wave, action: Action, done_at: datetime | None) -> None:
    """Say that an action is done, or planned again: `done_at` None."""
    if (action.done_at is None) == (done_at is None):
        return
    action.done_at = done_at
    _record(actor, "action_done" if done_at else "action_planned", wave, action)


def withdraw(*, actor: Any, wave: Wave, action: Action, at: datetime | None) -> None:
    """Take an action off the owners' page, or put it back: `at` None."""
    if (action.withdrawn_at is None) == (at is None):
        return
    action.withdrawn_at = at
    _record(actor, "action_withdrawn" if at else "action_restored", wave, action)


def move_up(*, actor: Any, wave: Wave, action: Action) -> None:
    """Let an action change places with the one before it; the first stays."""
    mine = sa.select(Action).where(Action.wave_id == wave.id)
    rows = list(db.session.scalars(mine.order_by(Action.position, Action.id).with_for_update()))
    place = next(number for number, each in enumerate(rows) if each.id == action.id)
    if not place:
        return
    rows[place - 1], rows[place] = rows[place], rows[place - 1]
    for number, each in enumerate(rows, 1):
        each.position = number
    _record(actor, "action_moved", wave, action)


def _record(actor: Any, act: str, wave: Wave, action: Action) -> None:
    record(
        actor=actor,
        action=f"surveys.{act}",
        subject=("surveys_wave", wave.public_id),
        project_id=wave.project_id,
        facts={"number": wave.number, "action": action.public_id},
    )
