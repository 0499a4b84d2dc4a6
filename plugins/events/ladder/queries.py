"""What is read of the ladder: the version in force, how a member stands, lists of marks."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from plugins.events.ladder.models import (
    Appeal,
    Appealed,
    Mark,
    Pause,
    Penalty,
    Pledge,
    Policy,
    Version,
)
from plugins.events.ladder.rules import CLEAN, Standing
from plugins.events.models import Occurrence, Registration
from portal.sdk import Page, db, page_of


def in_force(project_id: int, at: datetime) -> sa.Select[Any]:
    """Select the id of the version that counts: the newest published one that has begun."""
    return (
        sa.select(Policy.id)
        .where(
            Policy.project_id == project_id,
            Policy.state == Version.PUBLISHED,
            Policy.starts_at <= at,
        )
        .order_by(Policy.starts_at.desc(), Policy.version.desc())
        .limit(1)
    )


def policy_now(project_id: int, at: datetime) -> Policy | None:
    """Return the version that counts."""
    now_ = in_force(project_id, at).scalar_subquery()
    return db.session.scalar(sa.select(Policy).where(Policy.id == now_))


def standing_of(project_id: int, member_id: int, at: datetime) -> Standing:
    """Return the version in force and the marks that count against a member, in one statement."""
    now_ = in_force(project_id, at).scalar_subquery()
    mine = sa.select(Policy, Penalty).outerjoin(Penalty, counting(member_id, at))
    return standing_from(db.session.execute(mine.where(Policy.id == now_)).all())


def standings_of(project_id: int, members: Collection[int], at: datetime) -> Mapping[int, Standing]:
    """Return how those of members stand who have marks that count, in one statement."""
    now_ = in_force(project_id, at).scalar_subquery()
    theirs = sa.select(Policy, Penalty).join(
        Penalty, sa.and_(Penalty.project_id == Policy.project_id, *_counts(at))
    )
    theirs = theirs.where(Policy.id == now_, Penalty.member_id.in_(members))
    rows: dict[int, list[Any]] = {}
    for row in db.session.execute(theirs):
        rows.setdefault(row[1].member_id, []).append(row)
    return {key: standing_from(mine) for key, mine in rows.items()}


def _counts(at: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    return Penalty.state == Mark.LIVE, Penalty.expires_at > at


def counting(member_id: int, at: datetime) -> sa.ColumnElement[bool]:
    """Return the condition that joins the marks that count against a member to a version."""
    return sa.and_(
        Penalty.project_id == Policy.project_id,
        Penalty.member_id == member_id,
        *_counts(at),
    )


def standing_from(rows: Sequence[Any]) -> Standing:
    """Return how a member stands from rows that end with a version and a mark, either or None."""
    if not rows or rows[0][-2] is None:
        return CLEAN
    found = {row[-1].id: row[-1] for row in rows if row[-1] is not None}
    return Standing(rows[0][-2], tuple(found.values()))


def versions(project_id: int) -> Page[Any]:
    """Return a page of the policy's versions, the newest first."""
    mine = sa.select(Policy).where(Policy.project_id == project_id)
    return page_of(mine, Policy.version, Policy.id, descending=True)


def version(project_id: int, public_id: str) -> Policy | None:
    """Return a version of the project's policy."""
    return db.session.scalar(
        sa.select(Policy).filter_by(project_id=project_id, public_id=public_id)
    )


def pauses(project_id: int, since: date) -> Sequence[Pause]:
    """Return the days that do not count and end on or after a day, the earliest first."""
    mine = sa.select(Pause).where(Pause.project_id == project_id, Pause.last >= since)
    return db.session.scalars(mine.order_by(Pause.first, Pause.id).limit(200)).all()


@dataclass(frozen=True)
class Filter:
    """What the staff's list is narrowed to: marks with an open appeal, or those that count."""

    view: str = ""

    def args(self) -> dict[str, str]:
        """Return the filter as an address' arguments."""
        return {"view": self.view} if self.view else {}


VIEWS = ("appeals", "live")


def _marks(project_id: int) -> sa.Select[Any]:
    return (
        sa.select(Penalty, Appeal, Occurrence, Policy.version)
        .join(Occurrence, Occurrence.id == Penalty.occurrence_id)
        .join(Policy, Policy.id == Penalty.policy_id)
        .outerjoin(Appeal, Appeal.penalty_id == Penalty.id)
        .where(Penalty.project_id == project_id)
    )


def _narrowed(project_id: int, wanted: Filter, at: datetime) -> sa.Select[Any]:
    found = _marks(project_id)
    if wanted.view == "appeals":
        found = found.where(Appeal.state == Appealed.OPEN)
    if wanted.view == "live":
        found = found.where(Penalty.state == Mark.LIVE, Penalty.expires_at > at)
    return found


def page_of_marks(project_id: int, wanted: Filter, at: datetime) -> Page[Any]:
    """Return a page of (mark, appeal or None, activity, version), the newest first."""
    found = _narrowed(project_id, wanted, at)
    return page_of(found, Penalty.created_at, Penalty.id, descending=True)


def all_marks(project_id: int, wanted: Filter, at: datetime) -> Iterator[Any]:
    """Return every mark as filtered, read 500 at a time."""
    ordered = _narrowed(project_id, wanted, at).order_by(Penalty.created_at, Penalty.id)
    yield from db.session.execute(ordered.execution_options(yield_per=500))


def record_of(project_id: int, member_id: int) -> Page[Any]:
    """Return a page of a member's (mark, appeal or None, activity, version), the newest first."""
    mine = _marks(project_id).where(Penalty.member_id == member_id)
    return page_of(mine, Penalty.created_at, Penalty.id, descending=True)


def marks_of(occurrence: Occurrence) -> Sequence[Any]:
    """Return up to 200 (mark, appeal or None, activity, version) of one activity."""
    mine = _marks(occurrence.project_id).where(Penalty.occurrence_id == occurrence.id)
    return db.session.execute(mine.order_by(Penalty.created_at, Penalty.id).limit(200)).all()


def mark(project_id: int, public_id: str) -> Any:
    """Return (mark, appeal or None, activity, version), or None."""
    return db.session.execute(
        _marks(project_id).where(Penalty.public_id == public_id)
    ).one_or_none()


def judged_by(registration: Registration) -> Policy | None:
    """Return the version by which a registration is judged."""
    return db.session.scalar(
        sa.select(Policy)
        .join(Pledge, Pledge.policy_id == Policy.id)
        .where(Pledge.registration_id == registration.id)
    )
