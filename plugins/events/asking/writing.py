"""What staff ask: questions written, moved, taken out; one with answers is retired instead."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from plugins.events.asking.queries import answered
from plugins.events.asking.questions import Question, all_questions, questions_of
from plugins.events.errors import EventError
from plugins.events.models import Occurrence, Quota
from plugins.events.service import log_step
from plugins.events.states import EDITABLE
from portal.sdk import db

MOST = 10
"""Questions of one activity."""


def write_question(
    *, actor: Any, occurrence: Occurrence, draft: Question, key: str | None = None
) -> None:
    """Write a question, or change the one with this key: one that has answers and now asks
    something else is retired, and another takes its place.

    Raises EventError: ILLEGAL_STEP, TOO_MANY_QUESTIONS.
    """
    asked = _lock(occurrence)
    if key is None:
        if len(questions_of(occurrence.event)) >= MOST:
            raise EventError("TOO_MANY_QUESTIONS", state=occurrence.state)
        asked.append(draft)
    else:
        at = _place(asked, key)
        was = asked[at]
        keeps = draft.asks_as(was) or not answered(occurrence.event).get(key)
        kept = [replace(draft, key=key)] if keeps else [replace(was, retired=True), draft]
        asked[at : at + 1] = kept
    _keep(actor, occurrence, asked)


def take_out(*, actor: Any, occurrence: Occurrence, key: str) -> None:
    """Ask a question no more; its answers stay. Raises EventError ILLEGAL_STEP."""
    asked = _lock(occurrence)
    at = _place(asked, key)
    kept = [replace(asked[at], retired=True)] if answered(occurrence.event).get(key) else []
    asked[at : at + 1] = kept
    _keep(actor, occurrence, asked)


def move_up(*, actor: Any, occurrence: Occurrence, key: str) -> None:
    """Ask a question before the one that stands above it. Raises EventError ILLEGAL_STEP."""
    asked = _lock(occurrence)
    at = _place(asked, key)
    above = [number for number, each in enumerate(asked[:at]) if not each.retired]
    if above:
        asked.insert(above[-1], asked.pop(at))
    _keep(actor, occurrence, asked)


def _place(asked: Sequence[Question], key: str) -> int:
    return [each.key for each in asked].index(key)


def _lock(occurrence: Occurrence) -> list[Question]:
    # Whoever registers for a date of it holds its quotas: no answer comes in between.
    dates = sa.select(Quota).join(Occurrence, Occurrence.id == Quota.occurrence_id)
    mine = dates.where(Occurrence.event_id == occurrence.event_id).order_by(Quota.id)
    db.session.scalars(mine.with_for_update(of=Quota)).all()
    db.session.refresh(occurrence)
    db.session.refresh(occurrence.event)
    if occurrence.state not in EDITABLE:
        raise EventError("ILLEGAL_STEP", state=occurrence.state)
    return all_questions(occurrence.event)


def _keep(actor: Any, occurrence: Occurrence, asked: Sequence[Question]) -> None:
    occurrence.event.questions = [each.as_json() for each in asked]
    log_step(actor=actor, occurrence=occurrence, step="questions")
    db.session.flush()
