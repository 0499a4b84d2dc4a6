"""The board of a year: who brought the most neighbours, of those who chose an alias."""

from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from plugins.referrals.errors import ReferralError
from plugins.referrals.models import Lead, Referrer, Step
from plugins.referrals.states import State
from portal.sdk import ProjectRef, db

MOST = 20


@dataclass(frozen=True)
class Rank:
    """A place on the board; who brought as many friends has the same place."""

    place: int
    alias: str
    friends: int
    is_own: bool


def ranks(project: ProjectRef, year: int, own_id: int) -> list[Rank]:
    """Return the first twenty of a year, by friends who signed and did not cancel: one statement.

    `own_id`: the referrer who reads, 0 for none; stands at the end when it is further down.
    """
    friends = sa.func.count(Lead.id)
    counted = (
        sa.select(
            Referrer.id,
            Referrer.alias,
            friends.label("friends"),
            sa.func.rank().over(order_by=friends.desc()).label("place"),
        )
        .join(Lead, Lead.referrer_id == Referrer.id)
        .join(Step, Step.lead_id == Lead.id)
        .where(
            Referrer.project_id == project.id,
            Referrer.alias.is_not(None),
            Referrer.closed_at.is_(None),
            Lead.state.not_in((State.CANCELLED, State.MERGED)),
            Step.step == State.SIGNED,
            Step.stage,
            Step.on_day.between(date(year, 1, 1), date(year, 12, 31)),
        )
        .group_by(Referrer.id, Referrer.alias)
        .subquery()
    )
    rows = db.session.execute(
        sa.select(counted)
        .where(sa.or_(counted.c.place <= MOST, counted.c.id == own_id))
        .order_by(counted.c.place, counted.c.alias)
        .limit(MOST + 1)
    )
    return [Rank(row.place, row.alias, row.friends, row.id == own_id) for row in rows]


def choose_alias(*, referrer: Referrer, alias: str | None) -> None:
    """Put an owner on the board under an alias, or (None) take them off it.

    Raises ReferralError("ALIAS_TAKEN").
    """
    try:
        with db.session.begin_nested():
            referrer.alias = alias
    except IntegrityError as error:
        raise ReferralError("ALIAS_TAKEN") from error
