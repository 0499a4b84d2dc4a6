"""The planner: makes the tasks that tiers promise, and closes those that nobody needs any more.

However often it runs, and however many run at once, a promise has one open task for a member: what
was missed does not pile up. Never commits; each batch locks the project's rules first.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa

from plugins.rewards.care import dates
from plugins.rewards.care.acting import close, reopen
from plugins.rewards.care.dates import Days, Turn
from plugins.rewards.care.states import Act, Closing, TaskState
from plugins.rewards.models import CareDecline, CareRule, CareStep, CareTask, CareTerms
from portal.sdk import (
    HomeRef,
    MemberRef,
    ProjectRef,
    business_date,
    dates_of_each,
    db,
    find_members,
    homes_of_each,
    residents,
    tiers_of,
)

BATCH = 200


@dataclass(frozen=True)
class Promise:
    """A rule with everything that it has said."""

    rule: CareRule
    terms: Sequence[CareTerms]


@dataclass(frozen=True)
class _Known:
    """What a batch of members needs: by the member's id."""

    tiers: dict[int, str | None]
    homes: dict[int, list[HomeRef]]
    days: dict[int, Days]
    declined: set[tuple[int, str]]
    last: dict[tuple[int, int], CareTask]


def plan_batch(*, project: ProjectRef, after: int, at: datetime) -> int | None:
    """Plan for the next members of a project by id; return the last one's id, None at the end."""
    promises = _promises(project)
    people = residents(project, after=after, limit=BATCH)
    if not people or not promises:
        return None
    today = business_date(project.time_zone, at)
    known = _know(project, people, promises)
    for member in people:
        for promise in promises:
            _keep(promise, member, project, known, today, at)
    db.session.flush()
    return people[-1].id


def close_strays(*, project: ProjectRef, after: int, at: datetime) -> int | None:
    """Close open tasks of who has no home in the project any more, and return the
    last member's id that was looked at, None at the end."""
    mine = (CareTask.project_id == project.id, CareTask.state == TaskState.OPEN)
    some = sa.select(CareTask.member_id).where(*mine, CareTask.member_id > after).distinct()
    ids = list(db.session.scalars(some.order_by(CareTask.member_id).limit(BATCH)))
    if not ids:
        return None
    homes = homes_of_each(list(find_members(ids).values()), project)
    gone = [each for each in ids if not homes.get(each)]
    for task in db.session.scalars(sa.select(CareTask).where(*mine, CareTask.member_id.in_(gone))):
        close(task=task, why=Closing.MOVED_OUT, project=project, at=at)
    return ids[-1]


def _promises(project: ProjectRef) -> list[Promise]:
    """Return the rules of a project that have not ended, locked until the transaction ends."""
    mine = sa.select(CareRule).where(CareRule.project_id == project.id, CareRule.ended_at.is_(None))
    rules = db.session.scalars(mine.order_by(CareRule.id).with_for_update()).all()
    said = db.session.scalars(
        sa.select(CareTerms).where(CareTerms.rule_id.in_([rule.id for rule in rules]))
    ).all()
    return [Promise(rule, [each for each in said if each.rule_id == rule.id]) for rule in rules]


def _know(project: ProjectRef, people: Sequence[MemberRef], promises: Sequence[Promise]) -> _Known:
    ids = [member.id for member in people]
    homes, kept = homes_of_each(people, project), dates_of_each(people)
    other = sa.orm.aliased(CareTask)
    later = sa.exists().where(
        other.rule_id == CareTask.rule_id,
        other.member_id == CareTask.member_id,
        other.turn > CareTask.turn,
    )
    last = db.session.scalars(
        sa.select(CareTask)
        .where(
            CareTask.rule_id.in_([promise.rule.id for promise in promises]),
            CareTask.member_id.in_(ids),
            ~later,
        )
        .execution_options(populate_existing=True)
    )
    declines = db.session.execute(
        sa.select(CareDecline.member_id, CareDecline.kind).where(
            CareDecline.project_id == project.id, CareDecline.member_id.in_(ids)
        )
    )
    handed = {
        key: min((home.handover_on for home in each if home.handover_on), default=None)
        for key, each in homes.items()
    }
    return _Known(
        tiers=tiers_of(people),
        homes=homes,
        days={key: Days(d.joined_on, d.birth_month, handed[key]) for key, d in kept.items()},
        declined={(row[0], row[1]) for row in declines},
        last={(task.rule_id, task.member_id): task for task in last},
    )


def _keep(
    promise: Promise,
    member: MemberRef,
    project: ProjectRef,
    known: _Known,
    today: date,
    at: datetime,
) -> None:
    """Make the task of a promise to a member where there is to be one; close one that is not."""
    rule, last = promise.rule, known.last.get((promise.rule.id, member.id))
    still = last if last is not None and last.state == TaskState.OPEN else None
    why = _against(rule, member, known)
    if why is not None:
        if still is not None:
            close(task=still, why=why, project=project, at=at)
        return
    terms = dates.in_force(promise.terms, today)
    if terms is None:
        return
    turn = _turn(promise, terms, member, known, today)
    if turn is None or (last is not None and last.turn > turn.number):
        return
    if last is not None and last.turn == turn.number:
        if last.state == TaskState.CLOSED and last.reason != Closing.MISSED:
            # The tier, the home or the wish is back within the same year.
            reopen(last)
        return
    if still is not None:
        if dates.is_counted(rule.rhythm):
            return
        close(task=still, why=Closing.MISSED, project=project, at=at)
        db.session.flush()
    _make(rule, terms, turn, member, known.homes[member.id], at)


def _against(rule: CareRule, member: MemberRef, known: _Known) -> Closing | None:
    if known.tiers.get(member.id) != rule.tier:
        return Closing.TIER_CHANGED
    if (member.id, rule.kind) in known.declined:
        return Closing.NO_LONGER_WANTED
    return None


def _turn(
    promise: Promise, terms: CareTerms, member: MemberRef, known: _Known, today: date
) -> Turn | None:
    rule = promise.rule
    if dates.is_counted(rule.rhythm):
        return dates.next_turn(terms, rule.rhythm, known.last.get((rule.id, member.id)), today)
    turn = dates.yearly_turn(rule.rhythm, known.days[member.id], today)
    if turn is None or turn.due_on >= today:
        return turn
    # It has passed: made up for only where it was promised on that day.
    promised = dates.in_force(promise.terms, turn.due_on) is not None
    held = promised and tiers_of([member], on=turn.due_on)[member.id] == rule.tier
    return turn if held else None


def _make(
    rule: CareRule,
    terms: CareTerms,
    turn: Turn,
    member: MemberRef,
    homes: Sequence[HomeRef],
    at: datetime,
) -> None:
    home = homes[0] if homes else None
    task = CareTask(
        rule_id=rule.id, version=terms.version, project_id=rule.project_id, member_id=member.id,
        tier=rule.tier, kind=rule.kind, rhythm=rule.rhythm, title=rule.title, turn=turn.number,
        building=home.building[:60] if home else "", entrance=home.entrance if home else "",
        number=home.number if home else "", opens_on=turn.opens_on, due_on=turn.due_on,
        promised_on=turn.due_on, amount=terms.amount, assigned_to=terms.performer,
        assigned=terms.performer_name,
    )  # fmt: skip
    db.session.add(task)
    db.session.flush()
    db.session.add(CareStep(task_id=task.id, project_id=rule.project_id, act=Act.PLANNED, at=at))
