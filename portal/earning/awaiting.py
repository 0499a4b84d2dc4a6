"""Points that wait for an event: held pending, and let free when it comes, in whatever order."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from portal import clock
from portal.accounts.models import Account
from portal.earning.conditions import number
from portal.earning.kinds import Same
from portal.earning.models import Awaited
from portal.extensions import db
from portal.facts.models import Fact
from portal.facts.queries import live
from portal.points import service as points
from portal.points.errors import PointsError

_any_awaited = (
    sa.select(Awaited.posting_id)
    .where(Awaited.source == sa.bindparam("source"), Awaited.met_at.is_(None))
    .limit(1)
)


def _same(fact: Fact) -> dict[str, Any]:
    found = {
        Same.SUBJECT: (Fact.subject, fact.subject),
        Same.UNIT: (Fact.unit_id, fact.unit_id),
        Same.MEMBER: (Fact.member_id, fact.member_id),
    }
    return {key: value for key, value in found.items() if value[1] is not None}


def wait(*, posting_id: int, fact: Fact, pending: Mapping[str, Any]) -> None:
    """Remember what the points of a posting wait for. What cannot come keeps them waiting."""
    _column, value = _same(fact).get(pending["same"], (None, ""))
    db.session.execute(
        sa.insert(Awaited).values(
            posting_id=posting_id,
            source=pending["until"],
            same=pending["same"],
            value=str(value),
            percent=pending.get("percent"),
        )
    )


def has_happened(fact: Fact, pending: Mapping[str, Any], *, heard_before: bool = False) -> bool:
    """Tell whether the event that the points of a fact would wait for was heard of.

    `heard_before`: before the fact itself, for a replay.
    """
    column, value = _same(fact).get(pending["same"], (None, None))
    if column is None:
        return False
    wanted = sa.select(Fact.facts).where(Fact.source == pending["until"], column == value, live())
    if heard_before:
        wanted = wanted.where(
            sa.tuple_(Fact.created_at, Fact.id)
            < sa.tuple_(
                sa.literal(fact.created_at, Fact.created_at.type),
                sa.literal(fact.id, sa.BigInteger),
            )
        )
    rows = db.session.scalars(wanted)
    return any(reaches(facts, pending.get("percent")) for facts in rows)


def things_of(fact: Fact) -> dict[str, str]:
    """Return what later events may have in common with a fact, by Same."""
    return {str(same): str(value) for same, (_column, value) in _same(fact).items()}


def meet(*, actor: Account | None, fact: Fact) -> int:
    """Let the points free that waited for this fact; return how many postings."""
    matches = [
        sa.and_(Awaited.same == same, Awaited.value == str(value))
        for same, (_column, value) in _same(fact).items()
    ]
    awaited = db.session.connection().execute(_any_awaited, {"source": fact.source}).first()
    if awaited is None:
        return 0
    rows = db.session.scalars(
        sa.select(Awaited)
        .where(Awaited.source == fact.source, Awaited.met_at.is_(None), sa.or_(*matches))
        .order_by(Awaited.posting_id)
    ).all()
    met = [row for row in rows if reaches(fact.facts, row.percent)]
    for row in met:
        row.met_at = clock.now()
        try:
            points.mature(actor=actor, posting_id=row.posting_id)
        except PointsError as error:
            if error.code != "not_pending":
                raise
    return len(met)


def reaches(facts: Mapping[str, Any], percent: int | None) -> bool:
    """Tell whether an event reaches the percent that points wait for; None: any event does."""
    return percent is None or (number(facts.get("percent")) or 0) >= percent
