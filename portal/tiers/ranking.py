"""Who is ahead: the first so many percent of those who hold a tier, by a metric.

Found once for a period, on its first evaluation, and kept: whoever is rated later in the period
counts by the same list.
"""

from datetime import date
from typing import Any

import sqlalchemy as sa

from portal.extensions import db
from portal.members.models import Member, MemberState
from portal.tiers.kinds import TieRule
from portal.tiers.metrics import figures_of, holder_of
from portal.tiers.models import Membership, Ranking
from portal.tiers.rounds import Round
from portal.tiers.terms import Terms, Tier, top_of, tops
from portal.tiers.windows import period_start


def ranked(this: Round, tier: Tier) -> Any:
    """Return the statement of the members who are ahead on the way to a tier: `member_id`."""
    if this.live:
        return ahead(this.scheme_id, this.terms, tier, this.on)
    return sa.select(Ranking.member_id).where(
        Ranking.scheme_id == this.scheme_id,
        Ranking.period_start == period_start(this.terms.period, this.on),
        Ranking.tier == tier.key,
        this.batch.has(Ranking.member_id),
    )


def ahead(scheme_id: int, terms: Terms, tier: Tier, on: date) -> sa.Select[Any]:
    """Return the statement of who is ahead as of a day. Whoever has nothing is not ranked.

    The number of places is rounded down: 5 % of 19 people is nobody.
    """
    top = top_of(tier)
    assert top is not None
    figures = figures_of(terms.metric(top.metric), terms.pool, on).subquery()
    value = sa.func.coalesce(figures.c.value, 0)
    ordered: dict[str, Any] = {"order_by": value.desc()}
    field = (
        sa.select(
            Member.id.label("member_id"),
            value.label("value"),
            sa.func.count().over().label("people"),
            sa.func.rank().over(**ordered).label("place"),
            sa.func.count().over(partition_by=value).label("equals"),
            sa.func.row_number()
            .over(order_by=(value.desc(), Member.joined_on, Member.id))
            .label("row"),
        )
        .join(Membership, Membership.member_id == Member.id)
        .outerjoin(figures, figures.c.holder_id == holder_of(terms.pool))
        .where(
            Membership.scheme_id == scheme_id,
            Membership.earned == top.of,
            Member.state == MemberState.ACTIVE,
        )
        .subquery()
    )
    places = field.c.people * top.basis_points // 10_000
    last = {
        TieRule.ALL: field.c.place,
        TieRule.NONE: field.c.place + field.c.equals - 1,
        TieRule.LONGEST: field.c.row,
    }[top.ties]
    return sa.select(field.c.member_id).where(field.c.value > 0, last <= places)


def is_frozen(scheme_id: int, terms: Terms, on: date) -> bool:
    """Tell whether it is kept already who is ahead in the period of a day."""
    start = period_start(terms.period, on)
    done = sa.exists().where(Ranking.scheme_id == scheme_id, Ranking.period_start == start)
    return bool(db.session.scalar(sa.select(done)))


def freeze(scheme_id: int, terms: Terms, on: date) -> int:
    """Keep who is ahead in the period of a day, unless that was done; return how many are new."""
    if is_frozen(scheme_id, terms, on):
        return 0
    start, added = period_start(terms.period, on), 0
    for tier in tops(terms):
        who = ahead(scheme_id, terms, tier, on).subquery()
        rows = sa.select(who.c.member_id, sa.literal(scheme_id), sa.literal(start, sa.Date),
                         sa.literal(tier.key))  # fmt: skip
        made: Any = db.session.execute(
            sa.insert(Ranking).from_select(["member_id", "scheme_id", "period_start", "tier"], rows)
        )
        added += made.rowcount
    return added
