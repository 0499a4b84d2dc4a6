"""Who would land where: the same pipeline, read and not written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa

from portal.extensions import db
from portal.members.models import Member
from portal.tiers.metrics import EVERYBODY
from portal.tiers.models import Membership, SchemeVersion
from portal.tiers.pipeline import Round, changes
from portal.tiers.terms import Terms
from portal.tiers.versions import InForce, terms_of

SHOWN = 50


@dataclass(frozen=True)
class Landing:
    """A member who would move, with the figures that decide."""

    member_id: int
    public_id: str
    name: str
    card_number: str
    before: str | None
    after: str | None
    move: str
    figures: dict[str, int]


def moves(found: InForce, *, on: date) -> dict[tuple[str | None, str | None], int]:
    """Return how many members an evaluation would move, by tier before and after."""
    return _count(_round(found.scheme_id, found.version_id, found.terms, on))


def moves_of(version: SchemeVersion, *, on: date) -> dict[tuple[str | None, str | None], int]:
    """Return where everybody would land under a version from a day on, by tier before and after:
    one statement. Who stays is in it."""
    this = _round(version.scheme_id, version.id, terms_of(version), on)
    rows = changes(this).subquery()
    after = sa.case(
        (rows.c.member_id.is_not(None), rows.c.to_tier), else_=Membership.tier
    )  # fmt: skip
    held = sa.and_(Membership.member_id == Member.id, Membership.scheme_id == version.scheme_id)
    found = db.session.execute(
        sa.select(Membership.tier, after.label("after"), sa.func.count().label("people"))
        .select_from(Member)
        .outerjoin(Membership, held)
        .outerjoin(rows, rows.c.member_id == Member.id)
        .where(Member.state == "active")
        .group_by(Membership.tier, after)
    )
    return {(row.tier, row.after): row.people for row in found}


def landings(
    version: SchemeVersion, *, on: date, after: int = 0, size: int = SHOWN
) -> Sequence[Landing]:
    """Return who would move, by internal id after one: a page of the list."""
    rows = changes(_round(version.scheme_id, version.id, terms_of(version), on)).subquery()
    statement = (
        sa.select(rows, Member.public_id, Member.name, Member.card_number)
        .join(Member, Member.id == rows.c.member_id)
        .where(rows.c.from_tier.is_distinct_from(rows.c.to_tier), rows.c.member_id > after)
        .order_by(rows.c.member_id)
        .limit(size)
    )
    return [
        Landing(
            member_id=row.member_id,
            public_id=row.public_id,
            name=row.name,
            card_number=row.card_number,
            before=row.from_tier,
            after=row.to_tier,
            move=row.move,
            figures=row.figures,
        )
        for row in db.session.execute(statement)
    ]


def _round(scheme_id: int, version_id: int, terms: Terms, on: date) -> Round:
    # Period moves are shown as they would be on the first day of a period.
    return Round(scheme_id, version_id, terms, on, EVERYBODY, opening=True, live=True)


def _count(this: Round) -> dict[tuple[str | None, str | None], int]:
    rows = changes(this).subquery()
    found = db.session.execute(
        sa.select(rows.c.from_tier, rows.c.to_tier, sa.func.count().label("people")).group_by(
            rows.c.from_tier, rows.c.to_tier
        )
    )
    return {(row.from_tier, row.to_tier): row.people for row in found}


@dataclass(frozen=True)
class Step:
    """A tier in a preview: how many hold it now and then, who comes up to it or down."""

    key: str | None
    now: int
    then: int
    up: int
    down: int


def by_tier(terms: Terms, counts: Mapping[tuple[str | None, str | None], int]) -> list[Step]:
    """Return a preview's counts by tier, the highest first and the unrated last."""
    if not counts:
        return []
    ranks = terms.ranks
    gone = {pair[0] for pair in counts if pair[0] is not None and pair[0] not in ranks}
    steps = []
    for key in [*reversed(ranks), *sorted(gone), None]:
        here = {pair: people for pair, people in counts.items() if pair[1] == key}
        came = {pair: people for pair, people in here.items() if pair[0] != key}
        rank = ranks.get(key or "", 0)
        up = sum(n for pair, n in came.items() if ranks.get(pair[0] or "", 0) < rank)
        now = sum(n for pair, n in counts.items() if pair[0] == key)
        steps.append(Step(key, now, sum(here.values()), up, sum(came.values()) - up))
    return steps
