"""Reading facts: counting and summing what happened in a window of days, of one or of all."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa

from portal.extensions import db
from portal.facts.models import Fact, Subject


@dataclass(frozen=True)
class Totals:
    """How many facts there are, their amounts in fen, and on how many days they happened."""

    facts: int = 0
    amount: int = 0
    days: int = 0


def live() -> sa.ColumnElement[bool]:
    """Return the condition on Fact that it is not withdrawn."""
    withdrawn = sa.exists().where(
        Subject.subject == Fact.subject, Subject.withdrawn_on.is_not(None)
    )
    return sa.or_(Fact.subject.is_(None), ~withdrawn)


def within(
    sources: Collection[str], since: date | None = None, until: date | None = None
) -> list[sa.ColumnElement[bool]]:
    """Return the conditions on Fact: live, of these sources, between two days (inclusive)."""
    found = [Fact.source.in_(sources), live()]
    if since is not None:
        found.append(Fact.business_date >= since)
    if until is not None:
        found.append(Fact.business_date <= until)
    return found


def totals_by(
    holder: Any,
    sources: Collection[str],
    since: date | None = None,
    until: date | None = None,
    *,
    category: str | None = None,
) -> sa.Select[Any]:
    """Return the statement of everybody's totals, to be joined: `holder_id`, `facts`, `amount`,
    `days`. `holder`: Fact.member_id, Fact.household_id, Fact.unit_id or Fact.project_id."""
    statement = (
        sa.select(
            holder.label("holder_id"),
            sa.func.count().label("facts"),
            sa.func.coalesce(sa.func.sum(Fact.amount), 0).label("amount"),
            sa.func.count(sa.distinct(Fact.business_date)).label("days"),
        )
        .where(holder.is_not(None), *within(sources, since, until))
        .group_by(holder)
    )
    return statement if category is None else statement.where(Fact.category == category)


def member_totals(
    member_id: int,
    sources: Collection[str],
    since: date | None = None,
    until: date | None = None,
    *,
    category: str | None = None,
) -> Totals:
    """Return a member's totals: one statement."""
    row = db.session.execute(
        totals_by(Fact.member_id, sources, since, until, category=category).where(
            Fact.member_id == member_id
        )
    ).first()
    return Totals() if row is None else Totals(row.facts, int(row.amount), row.days)


def facts_about(subject: str) -> list[Fact]:
    """Return every fact about a subject, withdrawn or not, as they were heard of."""
    return list(
        db.session.scalars(
            sa.select(Fact).where(Fact.subject == subject).order_by(Fact.created_at, Fact.id)
        )
    )
