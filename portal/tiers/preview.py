"""Who would land where: the same pipeline, read and not written."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

import sqlalchemy as sa

from portal.extensions import db
from portal.members.models import Member
from portal.pagination import PAGE_SIZE, Page, page_of
from portal.tiers.evaluate import is_opening
from portal.tiers.metrics import EVERYBODY
from portal.tiers.models import Membership, SchemeVersion
from portal.tiers.pipeline import changes
from portal.tiers.ranking import is_frozen
from portal.tiers.rounds import Round
from portal.tiers.terms import Terms
from portal.tiers.versions import InForce, terms_of


@dataclass(frozen=True)
class Landing:
    """A member who would move, with the figures that decide."""

    name: str
    card_number: str
    before: str | None
    after: str | None
    move: str
    figures: dict[str, int]


def moves(found: InForce, *, on: date) -> dict[tuple[str | None, str | None], int]:
    """Return how many members the evaluation of a day would move, by tier before and after.

    Nothing is written. Who is ahead is found out now, unless the period's evaluation has done so.
    """
    opening = is_opening(found, on)
    live = opening and not is_frozen(found.scheme_id, found.terms, on)
    return _count(
        Round(found.scheme_id, found.version_id, found.terms, on, EVERYBODY, opening, live)
    )


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
    version: SchemeVersion, *, on: date, size: int = PAGE_SIZE, cursor: str | None = None
) -> Page[Landing]:
    """Return who would move, by card number: a page of the list."""
    rows = changes(_round(version.scheme_id, version.id, terms_of(version), on)).subquery()
    found = rows.c
    statement = (
        sa.select(
            Member.name, Member.card_number, found.from_tier, found.to_tier, found.move,
            found.figures,
        )
        .join(rows, found.member_id == Member.id)
        .where(found.from_tier.is_distinct_from(found.to_tier))
    )  # fmt: skip
    page = page_of(statement, Member.card_number, size=size, cursor=cursor)
    return replace(page, items=[Landing(*row) for row in page.items])


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
