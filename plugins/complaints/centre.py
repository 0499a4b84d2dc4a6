"""What the group's people have to know in the morning, and what each of them has read."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from plugins.complaints.models import Burst, Case, Category, Promise, ReadMark
from plugins.complaints.queries import IN_HAND
from plugins.complaints.states import LIVE, Level, PromiseState, Stage
from portal.sdk import Page, db, now, page_of

SHOWS = ("late", "refused", "risen", "unread", "forgotten")
_BURSTS_MOST = 20
UNREAD_HOURS = 24
"""What nobody of the group has read so long is marked for all of them."""


def late(at: datetime) -> sa.ColumnElement[bool]:
    """Return the condition that a deadline is missed and the staff have to act."""
    return sa.and_(Case.state.in_(IN_HAND), Case.due_at < at)


def refused() -> sa.ColumnElement[bool]:
    """Return the condition that the household has refused a solution and waits for another."""
    return sa.and_(Case.state.in_(LIVE), Case.round > 1)


def risen() -> sa.ColumnElement[bool]:
    """Return the condition that a case is the group's."""
    return sa.and_(Case.state.in_(LIVE), Case.level >= Level.GROUP)


def matters(at: datetime) -> sa.ColumnElement[bool]:
    """Return what belongs on the page."""
    return sa.or_(late(at), refused(), risen())


def _unread(account_id: int) -> sa.ColumnElement[bool]:
    mark = aliased(ReadMark)
    mine = sa.and_(mark.case_id == Case.id, mark.version == Case.version)
    return ~sa.exists().where(mine, mark.account_id == account_id)


def morning(project_ids: Collection[int], show: str, account_id: int, at: datetime) -> Page[Any]:
    """Return a page of (case, category, version that the reader has read), the oldest first."""
    conditions = {
        "late": late(at),
        "refused": refused(),
        "risen": risen(),
        "forgotten": sa.and_(matters(at), forgotten(at)),
    }
    mine = sa.and_(ReadMark.case_id == Case.id, ReadMark.account_id == account_id)
    statement = (
        sa.select(Case, Category, ReadMark.version)
        .join(Category, Category.id == Case.category_id)
        .outerjoin(ReadMark, mine)
        .where(Case.project_id.in_(project_ids), conditions.get(show, matters(at)))
    )
    if show == "unread":
        statement = statement.where(_unread(account_id))
    return page_of(statement, Case.created_at, Case.id)


def heads(
    project_ids: Collection[int], account_id: int, at: datetime
) -> tuple[dict[str, int], list[tuple[Burst, Category]]]:
    """Return the numbers and the bursts at the head of the page, in one statement."""

    def many(key: str, *where: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
        return sa.func.count(sa.case((sa.and_(*where), 1))).label(key)

    broken = (
        sa.select(sa.func.count(Promise.id))
        .where(Promise.project_id.in_(project_ids), Promise.state == PromiseState.BROKEN)
        .scalar_subquery()
    )
    numbers = (
        sa.select(
            many("new", Case.created_at >= at - timedelta(days=1)),
            many("late", late(at)),
            many("refused", refused()),
            many("risen", risen()),
            many("unread", matters(at), _unread(account_id)),
            many("forgotten", matters(at), forgotten(at)),
            broken.label("broken"),
        )
        .where(Case.project_id.in_(project_ids), Case.state.in_(LIVE))
        .subquery()
    )
    going_on = sa.and_(Burst.project_id.in_(project_ids), Burst.stage != Stage.STOOD_DOWN)
    rows = db.session.execute(
        sa.select(numbers, Burst, Category)
        .select_from(numbers)
        .outerjoin(Burst, going_on)
        .outerjoin(Category, Category.id == Burst.category_id)
        .order_by(Burst.chance, Burst.id)
        .limit(_BURSTS_MOST)
    ).all()
    keys = numbers.c.keys()
    found = dict(zip(keys, map(int, rows[0][: len(keys)]), strict=True))
    return found, [(row[-2], row[-1]) for row in rows if row[-2] is not None]


def forgotten(at: datetime) -> sa.ColumnElement[bool]:
    """Return the condition that nobody of the group has read it as it stands for a day."""
    read = sa.exists().where(ReadMark.case_id == Case.id, ReadMark.version == Case.version)
    return sa.and_(Case.active_at < at - timedelta(hours=UNREAD_HOURS), ~read)


def find_burst(project_ids: Collection[int], public_id: str) -> Burst | None:
    """Return a burst of these projects."""
    return db.session.scalar(
        sa.select(Burst).where(Burst.public_id == public_id, Burst.project_id.in_(project_ids))
    )


def category_of(burst: Burst) -> Category:
    """Return what a burst is about."""
    return db.session.get_one(Category, burst.category_id)


def find(project_ids: Collection[int], public_id: str) -> Case | None:
    """Return a case of these projects."""
    return db.session.scalar(
        sa.select(Case).where(Case.public_id == public_id, Case.project_id.in_(project_ids))
    )


def mark_read(*, actor: Any, cases: Collection[Case]) -> int:
    """Note that somebody has read these cases as they stand; return how many were new to them."""
    known = {
        mark.case_id: mark
        for mark in db.session.scalars(
            sa.select(ReadMark).where(
                ReadMark.account_id == actor.id, ReadMark.case_id.in_([case.id for case in cases])
            )
        )
    }
    changed = 0
    for case in cases:
        mark = known.get(case.id)
        if mark is None:
            mark = ReadMark(account_id=actor.id, case_id=case.id, project_id=case.project_id)
            db.session.add(mark)
        changed += mark.version != case.version
        mark.version, mark.by, mark.read_at = case.version, actor.display_name, now()
    db.session.flush()
    return changed
