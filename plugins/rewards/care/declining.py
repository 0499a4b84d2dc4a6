"""What a member does not want of care: the planner leaves it out. Never commits."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from plugins.rewards.care import dates
from plugins.rewards.care.acting import close
from plugins.rewards.care.queries import rules
from plugins.rewards.care.states import Care, Closing, TaskState
from plugins.rewards.care.words import KINDS, promised
from plugins.rewards.models import CareDecline, CareRule, CareTask
from portal.sdk import MemberRef, ProjectRef, business_date, db


@dataclass(frozen=True)
class Wish:
    """A kind of care that a member is offered: what it comes to in words, and whether it is
    welcome."""

    kind: str
    lines: tuple[str, ...]
    welcome: bool


def wishes_of(member: MemberRef, project: ProjectRef, tier: str | None, at: datetime) -> list[Wish]:
    """Return the kinds that a member's tier is promised, and those that the member declined."""
    today = business_date(project.time_zone, at)
    lines: dict[str, list[str]] = {}
    for rule, terms, _many in rules(project.id):
        said = dates.in_force(terms, today)
        if rule.tier == tier and said is not None:
            line = promised(rule.kind, rule.rhythm, rule.title, said.least, said.most)
            lines.setdefault(rule.kind, []).append(line)
    declined = declined_by(member, project.id)
    return [
        Wish(kind, tuple(lines.get(kind, [str(word)])), kind not in declined)
        for kind, (word, _icon) in KINDS.items()
        if kind in lines or kind in declined
    ]


def declined_by(member: MemberRef, project_id: int) -> set[str]:
    """Return the kinds that a member does not want in a project."""
    mine = sa.select(CareDecline.kind).filter_by(member_id=member.id, project_id=project_id)
    return set(db.session.scalars(mine))


def decline(
    *, member: MemberRef, project: ProjectRef, kinds: Collection[str], at: datetime
) -> None:
    """Let a member want every kind but these; what is open of them is closed at once."""
    # Whoever plans holds the rules as well: nothing declined is planned meanwhile.
    held = sa.select(CareRule.id).where(CareRule.project_id == project.id).order_by(CareRule.id)
    db.session.execute(held.with_for_update())
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
