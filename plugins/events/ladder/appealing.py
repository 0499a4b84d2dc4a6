"""A member's word against a mark, and the answer of somebody who neither settled nor marked it."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from plugins.events.errors import EventError
from plugins.events.ladder.marking import void
from plugins.events.ladder.models import Appeal, Appealed, Mark, Penalty, Voided
from plugins.events.models import Occurrence, Registration
from plugins.events.telling import tell
from portal.sdk import MemberRef, ProjectRef, db, find_members, record


def appeal(*, mark: Penalty, text: str, at: datetime) -> Appeal:
    """Say something against a mark, once; a second time it is as it was.

    Raises EventError: NO_TEXT, NOT_LIVE.
    """
    if not text:
        raise EventError("NO_TEXT")
    already = db.session.scalar(sa.select(Appeal).where(Appeal.penalty_id == mark.id))
    if already is not None:
        return already
    db.session.refresh(mark)
    if mark.state != Mark.LIVE or mark.expires_at <= at:
        raise EventError("NOT_LIVE")
    made = Appeal(
        project_id=mark.project_id,
        penalty_id=mark.id,
        text=text,
        settled_by=mark.settled_by or 0,
        marked_by=mark.marked_by or 0,
    )
    try:
        with db.session.begin_nested():
            db.session.add(made)
    except IntegrityError:
        mine = sa.select(Appeal).where(Appeal.penalty_id == mark.id)
        return db.session.scalars(mine).one()
    return made


def may_decide(actor: Any, mark: Penalty, member: MemberRef) -> bool:
    """Tell whether somebody may decide the appeal against a mark."""
    return actor.id not in (mark.settled_by, mark.marked_by, member.account_id)


def decide(
    *, actor: Any, project: ProjectRef, mark: Penalty, granted: bool, answer: str, at: datetime
) -> None:
    """Answer an appeal; a granted one voids the mark. The member is told.

    Raises EventError: NO_REASON, OWN_MARK for who settled or marked it and for the member, and
    DECIDED when somebody was quicker.
    """
    if not answer:
        raise EventError("NO_REASON")
    member = find_members([mark.member_id])[mark.member_id]
    if not may_decide(actor, mark, member):
        raise EventError("OWN_MARK")
    state = Appealed.GRANTED if granted else Appealed.REFUSED
    done = db.session.execute(
        sa.update(Appeal)
        .where(Appeal.penalty_id == mark.id, Appeal.state == Appealed.OPEN)
        .values(state=state, decided_by=actor.id, decided_at=at, answer=answer)
        .execution_options(synchronize_session="fetch")
    )
    if not getattr(done, "rowcount", 0):
        raise EventError("DECIDED")
    if granted:
        void(Penalty.id == mark.id, reason=Voided.APPEAL, at=at, actor=actor, why=answer[:200])
    record(
        actor=actor,
        action=f"events.appeal_{state}",
        subject=("events_ladder_penalty", mark.public_id),
        project_id=project.id,
        reason=answer,
    )
    found = db.session.get_one(Registration, mark.registration_id)
    occurrence = db.session.get_one(Occurrence, mark.occurrence_id)
    tell(f"events.appeal_{state}", found, occurrence, member, project, answer=answer)
