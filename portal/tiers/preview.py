"""Who would land where: the same pipeline, read and not written."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa

from portal.extensions import db
from portal.members.models import Member
from portal.tiers.metrics import EVERYBODY
from portal.tiers.models import Membership, SchemeVersion
from portal.tiers.pipeline import Round, changes
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


def _round(scheme_id: int, version_id: int, terms: Any, on: date) -> Round:
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
