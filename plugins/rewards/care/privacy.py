"""Care in members' data: what a copy holds, what an erasure takes."""

import sqlalchemy as sa

from plugins.rewards.care.acting import PROOF, close
from plugins.rewards.care.states import Closing, TaskState
from plugins.rewards.models import CareDecline, CareTask
from portal.sdk import MemberRef, db, delete_files, files_of, find_projects, lazy, now

TASKS = {
    "kind": lazy("What was to be done"),
    "due_on": lazy("Do it by"),
    "state": lazy("State"),
    "ended_on": lazy("Ended on"),
    "outcome": lazy("What came of it"),
    "spent": lazy("Cost in fen"),
    "note": lazy("What the staff wrote"),
}
DECLINED = {"kind": lazy("What you do not want")}


def care_of(member: MemberRef) -> list[dict[str, object]]:
    """Return what was planned and done for a member, the oldest first."""
    mine = sa.select(CareTask).where(CareTask.member_id == member.id)
    found = db.session.scalars(mine.order_by(CareTask.due_on, CareTask.id))
    return [{name: getattr(task, name) for name in TASKS} for task in found]


def declined(member: MemberRef) -> list[dict[str, object]]:
    """Return the kinds of care that a member does not want."""
    mine = sa.select(CareDecline.kind).where(CareDecline.member_id == member.id)
    return [{"kind": kind} for kind in db.session.scalars(mine.order_by(CareDecline.kind))]


def forget(member: MemberRef) -> None:
    """Close what is open, and take out words, home, proofs and wishes; that so much was done and
    spent stays true."""
    mine = CareTask.member_id == member.id
    tasks = db.session.scalars(sa.select(CareTask).where(mine).order_by(CareTask.id)).all()
    projects = find_projects({task.project_id for task in tasks})
    for task in tasks:
        if task.state == TaskState.OPEN:
            close(task=task, why=Closing.ERASED, project=projects[task.project_id], at=now())
    keys = [task.public_id for task in tasks if task.spent]
    for at in range(0, len(keys), 500):
        for key, files in files_of(kind=PROOF, keys=keys[at : at + 500]).items():
            if files:
                delete_files(kind=PROOF, key=key)
    empty = {"building": "", "entrance": "", "number": "", "note": ""}
    db.session.execute(sa.update(CareTask).where(mine).values(empty))
    # Of a closed task it is one of the reasons that there are, no words of anybody's.
    worded = sa.update(CareTask).where(mine, CareTask.state != TaskState.CLOSED)
    db.session.execute(worded.values(reason=""))
    db.session.execute(sa.delete(CareDecline).where(CareDecline.member_id == member.id))
