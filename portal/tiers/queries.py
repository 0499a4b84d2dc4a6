"""Reading who holds which tier."""

from collections.abc import Collection
from datetime import date

import sqlalchemy as sa

from portal.extensions import db
from portal.tiers.models import History, Membership, Scheme

HISTORY_SHOWN = 50


def tier_keys(
    member_ids: Collection[int], *, scheme: str | None = None, on: date | None = None
) -> dict[int, str | None]:
    """Return each member's tier by its key (None: unrated), in one statement.

    `scheme`: its key; without one, the club's. `on`: as it was at the end of that day of the club.
    """
    if not member_ids:
        return {}
    chosen = Scheme.is_club if scheme is None else Scheme.key == scheme
    if on is None:
        rows = db.session.execute(
            sa.select(Membership.member_id, Membership.tier)
            .join(Scheme, Scheme.id == Membership.scheme_id)
            .where(chosen, Membership.member_id.in_(member_ids))
        )
    else:
        later = sa.orm.aliased(History)
        rows = db.session.execute(
            sa.select(History.member_id, History.to_tier)
            .join(Scheme, Scheme.id == History.scheme_id)
            .where(
                chosen,
                History.member_id.in_(member_ids),
                History.day <= on,
                ~sa.exists().where(
                    later.member_id == History.member_id,
                    later.scheme_id == History.scheme_id,
                    later.number > History.number,
                    later.day <= on,
                ),
            )
        )
    found: dict[int, str | None] = {row[0]: row[1] for row in rows}
    return {member_id: found.get(member_id) for member_id in member_ids}


def history_of(member_id: int, scheme_id: int) -> list[History]:
    """Return the last changes of a member in a scheme, the newest first."""
    return list(
        db.session.scalars(
            sa.select(History)
            .where(History.member_id == member_id, History.scheme_id == scheme_id)
            .order_by(History.number.desc())
            .limit(HISTORY_SHOWN)
        )
    )
