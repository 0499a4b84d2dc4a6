"""What the group's people have to know in the morning, and what each of them has read."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from plugins.complaints.models import Case, Category, Promise, ReadMark
from plugins.complaints.queries import IN_HAND
from plugins.complaints.states import LIVE, Level, PromiseState
from portal.sdk import Page, db, now, page_of

SHOWS = ("late", "refused", "risen", "unread")
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
    conditions = {"late": late(at), "refused": refused(), "risen": risen()}
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


def figures(project_ids: Collection[int], account_id: int, at: datetime) -> dict[str, int]:
    """Return the numbers at the head of the page, in one statement."""

    def many(*where: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
        return sa.func.count(sa.case((sa.and_(*where), 1)))

    old = Case.active_at < at - timedelta(hours=UNREAD_HOURS)
    read = sa.exists().where(ReadMark.case_id == Case.id, ReadMark.version == Case.version)
    broken = (
        sa.select(sa.func.count(Promise.id))
        .where(Promise.project_id.in_(project_ids), Promise.state == PromiseState.BROKEN)
        .scalar_subquery()
    )
    row = db.session.execute(
        sa.select(
            many(Case.created_at >= at - timedelta(days=1)),
            many(late(at)),
            many(refused()),
            many(risen()),
            many(matters(at), _unread(account_id)),
            many(matters(at), old, ~read),
            broken,
        ).where(Case.project_id.in_(project_ids), Case.state.in_(LIVE))
    ).one()
    keys = ("new", "late", "refused", "risen", "unread", "forgotten", "broken")
    return dict(zip(keys, map(int, row), strict=True))


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
