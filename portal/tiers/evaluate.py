"""Evaluating: the rows of the history that a day brings, and the memberships that follow.

A batch locks its memberships first and looks at figures after that, so that whoever evaluates the
same member at once waits, and then finds nothing left to do. The unique number of a history row is
the wall behind it.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from portal import clock
from portal.club.queries import current_club
from portal.extensions import db
from portal.members.models import Member, MemberState
from portal.tiers import ranking, telling
from portal.tiers.kinds import PeriodKind, Pool
from portal.tiers.metrics import Batch
from portal.tiers.models import History, Membership, Scheme
from portal.tiers.pipeline import changes
from portal.tiers.rounds import Round
from portal.tiers.versions import InForce, in_force
from portal.tiers.windows import period_start

BATCH = 5_000
"""How many members are evaluated in one transaction of the nightly job."""
_FOLLOWS = ("version_id", "earned", "valid_until", "grace_until", "lost", "second_chance_until",
            "override_id")  # fmt: skip


@dataclass(frozen=True)
class Done:
    """How far a batch came (None: there was nobody left), how many members and how many changes."""

    after: int | None
    members: int = 0
    changes: int = 0


def today() -> date:
    """Return the day of the club."""
    return clock.business_date(current_club().time_zone)


def evaluate_batch(
    found: InForce, *, on: date, after: int = 0, size: int = BATCH, quiet: bool = False
) -> Done:
    """Evaluate the members with ids after one, in the caller's transaction.

    A second time on the same day changes nothing. `quiet`: nobody is told.
    """
    ids = (
        sa.select(Member.id.label("id"))
        .where(Member.id > after)
        .order_by(Member.id)
        .limit(size)
        .subquery()
    )
    upto, count = db.session.execute(sa.select(sa.func.max(ids.c.id), sa.func.count())).one()
    if upto is None:
        return Done(None)
    batch = Batch(after=after, upto=upto)
    return Done(
        upto, count, _evaluate(found, on, batch, opening=is_opening(found, on), quiet=quiet)
    )


def evaluate_members(
    member_ids: Collection[int],
    *,
    on: date | None = None,
    scheme: str | None = None,
    quiet: bool = False,
) -> int:
    """Evaluate some members in every scheme, or in one, now; return how many changes there were.

    Where a scheme pools households, everybody of theirs is evaluated.
    """
    on = on or today()
    changed = 0
    for found in in_force(on, scheme=scheme):
        ids = sorted(set(member_ids))
        if found.terms.pool == Pool.HOUSEHOLD:
            ids = _housemates(ids)
        changed += _evaluate(found, on, Batch(ids=ids), opening=False, quiet=quiet)
    return changed


def is_opening(found: InForce, on: date) -> bool:
    """Tell whether the period of a day is still to be decided by the nightly evaluation."""
    if found.terms.period == PeriodKind.ANNIVERSARY:
        return False
    start = period_start(found.terms.period, on)
    return found.decided_for is None or found.decided_for < start


def begin_period(found: InForce, on: date) -> int:
    """Keep who is ahead in a period that begins, for the tiers that the best move up to."""
    return ranking.freeze(found.scheme_id, found.terms, on) if is_opening(found, on) else 0


def end_period(found: InForce, on: date) -> None:
    """Note that everybody was evaluated for the period of a day."""
    if is_opening(found, on):
        start = period_start(found.terms.period, on)
        db.session.execute(
            sa.update(Scheme)
            .where(
                Scheme.id == found.scheme_id,
                sa.or_(Scheme.decided_for.is_(None), Scheme.decided_for < start),
            )
            .values(decided_for=start)
            .execution_options(synchronize_session=False)
        )


def _housemates(ids: list[int]) -> list[int]:
    homes = sa.select(Member.household_id).where(Member.id.in_(ids))
    return list(db.session.scalars(sa.select(Member.id).where(Member.household_id.in_(homes))))


def _evaluate(found: InForce, on: date, batch: Batch, *, opening: bool, quiet: bool) -> int:
    db.session.flush()
    _enter(found, batch)
    _lock(found, batch)
    this = Round(found.scheme_id, found.version_id, found.terms, on, batch, opening)
    moment = clock.now()
    added = _add_history(changes(this), moment)
    if added:
        _follow(found, batch)
        if not quiet:
            telling.tell(found, batch, moment)
    return added


def _enter(found: InForce, batch: Batch) -> None:
    """Give every active member a place in the scheme, unrated and not evaluated yet."""
    mine = sa.and_(Membership.member_id == Member.id, Membership.scheme_id == found.scheme_id)
    missing = sa.select(Member.id, sa.literal(found.scheme_id, sa.BigInteger), sa.literal(0)).where(
        Member.state == MemberState.ACTIVE, batch.has(Member.id), ~sa.exists().where(mine)
    )
    db.session.execute(
        _insert(Membership)
        .from_select(["member_id", "scheme_id", "changes"], missing)
        .on_conflict_do_nothing()
    )


def _lock(found: InForce, batch: Batch) -> None:
    """Lock the memberships in the order of their members (SQLite has locked everything)."""
    if db.engine.dialect.name == "postgresql":
        rows = (
            sa.select(Membership.member_id)
            .where(Membership.scheme_id == found.scheme_id, batch.has(Membership.member_id))
            .order_by(Membership.member_id)
            .with_for_update()
            .subquery()
        )
        db.session.execute(sa.select(sa.func.count()).select_from(rows))


def _add_history(rows: sa.Select[Any], moment: datetime) -> int:
    names = [column.name for column in rows.selected_columns]
    told = rows.add_columns(sa.literal(moment, History.created_at.type))
    insert = _insert(History).from_select([*names, "created_at"], told).on_conflict_do_nothing()
    done: Any = db.session.execute(insert.execution_options(preserve_rowcount=True))
    if db.engine.dialect.name == "postgresql":
        return int(done.rowcount)
    # Python's sqlite3 does not count the rows of a statement that begins with WITH.
    return int(db.session.scalar(sa.select(sa.func.changes())) or 0)


def _follow(found: InForce, batch: Batch) -> None:
    """Let the memberships follow from the rows that were added."""
    moved = History.to_tier.is_distinct_from(Membership.tier)
    db.session.execute(
        sa.update(Membership)
        .where(
            Membership.scheme_id == found.scheme_id,
            batch.has(History.member_id),
            History.member_id == Membership.member_id,
            History.scheme_id == Membership.scheme_id,
            History.number == Membership.changes + 1,
        )
        .values(
            **{name: getattr(History, name) for name in _FOLLOWS},
            tier=History.to_tier,
            since=sa.case(
                (sa.or_(moved, Membership.since.is_(None)), History.day), else_=Membership.since
            ),
            changes=History.number,
        )
        .execution_options(synchronize_session=False)
    )


def _insert(model: Any) -> Any:
    dialect = postgresql if db.engine.dialect.name == "postgresql" else sqlite
    return dialect.insert(model.__table__)
