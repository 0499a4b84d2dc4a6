"""What a member does not want of care: the planner leaves it out. Never commits."""

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa

from plugins.rewards.care.acting import close
from plugins.rewards.care.states import Care, Closing, TaskState
from plugins.rewards.models import CareDecline, CareTask
from portal.sdk import MemberRef, ProjectRef, db


def declined_by(member: MemberRef, project_id: int) -> set[str]:
    """Return the kinds that a member does not want in a project."""
    mine = sa.select(CareDecline.kind).filter_by(member_id=member.id, project_id=project_id)
    return set(db.session.scalars(mine))


def decline(
    *, member: MemberRef, project: ProjectRef, kinds: Collection[str], at: datetime
) -> None:
    """Let a member want every kind but these; what is open of them is closed at once."""
    before, after = declined_by(member, project.id), {kind for kind in Care if kind in kinds}
    for kind in sorted(after - before):
        key = {"member_id": member.id, "project_id": project.id, "kind": kind}
        db.session.add(CareDecline(**key))
        open_tasks = sa.select(CareTask).filter_by(**key, state=TaskState.OPEN)
        for task in db.session.scalars(open_tasks.order_by(CareTask.id)).all():
            close(task=task, why=Closing.NO_LONGER_WANTED, project=project, at=at)
    gone = sa.delete(CareDecline).filter_by(member_id=member.id, project_id=project.id)
    db.session.execute(gone.where(CareDecline.kind.in_(before - after)))
    db.session.flush()
