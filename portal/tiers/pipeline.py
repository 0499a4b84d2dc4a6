"""One evaluation as one SELECT: of each member whose state changes, the next row of the history.

`members` (state and figures) -> `seen` (what is reached and kept) -> `decided` -> the rows. Each
stage is materialised: PostgreSQL would otherwise write every expression out wherever it is used.
portal.tiers.stepping does the same in plain Python, member by member.
"""

from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from portal.members.models import Member, MemberState
from portal.tiers import dates
from portal.tiers.conditions import in_sql, top_key
from portal.tiers.kinds import DownTo, Move, OverrideState, PeriodKind, When
from portal.tiers.metrics import figures_of, holder_of
from portal.tiers.models import Membership, Override
from portal.tiers.ranking import ranked
from portal.tiers.rounds import Round, column_of, figure_keys
from portal.tiers.terms import Terms, tops
from portal.tiers.windows import period_end

_NOTHING = "none"


class json_object(FunctionElement[Any]):  # noqa: N801 — named as the function of SQL is
    """A JSON object of keys and values that take turns."""

    type = sa.JSON()
    inherit_cache = True


@compiles(json_object)
def _json_object(element: Any, compiler: Any, **options: Any) -> str:
    return f"json_build_object({compiler.process(element.clauses, **options)})"


@compiles(json_object, "sqlite")
def _json_object_sqlite(element: Any, compiler: Any, **options: Any) -> str:
    return f"json_object({compiler.process(element.clauses, **options)})"


def changes(this: Round) -> sa.Select[Any]:
    """Return the rows of the history that this evaluation adds, as columns by their names."""
    decided = _decided(this, _seen(this, members(this)))
    old, terms = decided.c, this.terms
    earned = _key_of(terms, old.new_rank)
    shown = sa.case((old.override_tier.is_not(None), old.override_tier), else_=earned)
    is_first = old.changes == 0
    overridden = old.override_id.is_distinct_from(old.old_override)
    mapped = earned.is_distinct_from(old.old_earned)
    move = sa.case(
        (is_first, Move.FIRST.value),
        (sa.and_(overridden, old.override_id.is_not(None)), Move.OVERRIDDEN.value),
        (overridden, Move.OVERRIDE_ENDED.value),
        (old.action == _NOTHING, Move.CARRIED_OVER.value),
        else_=old.action,
    )
    settled = old.action.in_([Move.UP, Move.SECOND_CHANCE, Move.DOWN, Move.KEPT])
    rises = old.action.in_([Move.UP, Move.SECOND_CHANCE])
    is_down = old.action == Move.DOWN
    down = terms.down
    no_day, no_key = sa.null(), sa.null()
    lost_now = is_down if down.second_chance_days else sa.false()
    return sa.select(
        old.member_id,
        sa.literal(this.scheme_id, sa.BigInteger).label("scheme_id"),
        sa.literal(this.version_id, sa.BigInteger).label("version_id"),
        (old.changes + 1).label("number"),
        move.label("move"),
        sa.literal(this.on, sa.Date).label("day"),
        old.old_tier.label("from_tier"),
        shown.label("to_tier"),
        earned.label("earned"),
        sa.case(
            (old.new_rank == 0, no_day), (settled, old.period_end), else_=old.valid_until
        ).label("valid_until"),
        sa.case(
            (old.action == Move.AT_RISK, _day(this.on, down.grace_days)),
            *_next_grace(this, old),
            (sa.or_(settled, old.action == Move.SAFE_AGAIN), no_day),
            else_=old.grace_until,
        ).label("grace_until"),
        sa.case(
            (lost_now, _key_of(terms, old.rank)), (sa.or_(rises, is_down), no_key), else_=old.lost
        ).label("lost"),
        sa.case(
            (lost_now, _day(this.on, down.second_chance_days)),
            (sa.or_(rises, is_down), no_day),
            else_=old.second_chance_until,
        ).label("second_chance_until"),
        old.override_id,
        _figures(terms, old).label("figures"),
    ).where(sa.or_(is_first, old.action != _NOTHING, overridden, mapped))


def _next_grace(this: Round, old: Any) -> list[Any]:
    """Return when grace begins for the next fall: with this one, where steps follow each other.

    Otherwise a second evaluation on the day of a fall would begin it.
    """
    down = this.terms.down
    if down.when == When.PERIOD_START or down.to != DownTo.ONE_STEP:
        return []
    falls_on = sa.and_(old.action == Move.DOWN, old.new_rank > 0, old.level < old.new_rank)
    return [(falls_on, _day(this.on, down.grace_days))]


def members(this: Round) -> Any:
    """Return the CTE of each member's state and figures."""
    terms, mine = this.terms, this.batch
    state, held = Membership, Override
    # Outer, although everybody has a place: a planner that knows nothing of a table that has just
    # been filled would expect one row, and look through the figures of all once for each member.
    place = sa.and_(state.member_id == Member.id, state.scheme_id == this.scheme_id)
    joined: Any = sa.join(
        Member, state, place, isouter=True
    ).outerjoin(
        held,
        sa.and_(
            held.member_id == Member.id,
            held.scheme_id == this.scheme_id,
            held.state == OverrideState.APPROVED,
            held.expires_on >= this.on,
            held.tier.in_(list(terms.ranks)),
        ),
    )  # fmt: skip
    columns = []
    for number, metric in enumerate(terms.metrics):
        wanted = figures_of(metric, terms.pool, this.on, mine)
        figures = wanted.subquery(f"metric_{number}")
        joined = joined.outerjoin(figures, figures.c.holder_id == holder_of(terms.pool))
        columns.append(sa.func.coalesce(figures.c.value, 0).label(column_of(metric.key)))
    for number, tier in enumerate(tops(terms)):
        ahead = ranked(this, tier).subquery(f"ahead_{number}")
        joined = joined.outerjoin(ahead, ahead.c.member_id == Member.id)
        is_ahead = sa.case((ahead.c.member_id.is_not(None), 1), else_=0)
        columns.append(is_ahead.label(column_of(top_key(tier.key))))
    fresh = state.second_chance_until >= this.on
    return (
        sa.select(
            Member.id.label("member_id"),
            sa.func.coalesce(state.changes, 0).label("changes"),
            state.tier.label("old_tier"),
            state.earned.label("old_earned"),
            state.override_id.label("old_override"),
            _rank_now(this, state).label("rank"),
            state.valid_until,
            state.grace_until,
            state.lost,
            state.second_chance_until,
            sa.case((fresh, _rank_of(terms, state.lost)), else_=0).label("lost_rank"),
            held.id.label("override_id"),
            held.tier.label("override_tier"),
            _period_end(this).label("period_end"),
            *columns,
        )
        .select_from(joined)
        .where(Member.state == MemberState.ACTIVE, Member.joined_on <= this.on, mine.has(Member.id))
        .cte("members")
        .prefix_with("MATERIALIZED")
    )


def _seen(this: Round, known: Any) -> Any:
    """Return the CTE of what each member reaches, keeps and would fall to."""
    terms, row = this.terms, known.c
    reached, kept = {}, {}

    def figure(key: str) -> Any:
        return row[column_of(key)]

    for rank, tier in enumerate(terms.tiers, 1):
        reached[rank] = in_sql(tier.reach, figure, tier.key)
        kept[rank] = in_sql(terms.keeps(tier), figure, tier.key)
    ranks = sorted(reached, reverse=True)
    reach = sa.case(*((reached[rank], rank) for rank in ranks), else_=0)
    chances = [(sa.and_(row.lost_rank == rank, kept[rank]), rank) for rank in ranks]
    lower = [
        (sa.and_(row.rank > rank, sa.or_(kept[rank], reached[rank])), rank) for rank in ranks[1:]
    ]
    keeps = sa.or_(*(sa.and_(row.rank == rank, kept[rank]) for rank in ranks))
    return (
        sa.select(
            *row,
            reach.label("reach"),
            sa.case(*chances, else_=0).label("chance"),
            (sa.case(*lower, else_=0) if lower else sa.literal(0)).label("level"),
            sa.case((keeps, 1), else_=0).label("keeps"),
        )
        .cte("seen")
        .prefix_with("MATERIALIZED")
    )


def _decided(this: Round, seen: Any) -> Any:
    """Return the CTE of what happens to each member, and the rank after it."""
    terms, row = this.terms, seen.c
    best = sa.case((row.chance > row.reach, row.chance), else_=row.reach)
    if terms.up == When.AT_ONCE or this.opening:
        target = best
    else:
        target = sa.case((row.changes == 0, row.reach), else_=row.chance)
    over = row.valid_until < this.on
    if terms.down.when == When.PERIOD_START:
        renewed = sa.or_(row.valid_until.is_(None), over)
    else:
        renewed = over
    rise = sa.case((row.reach >= target, Move.UP.value), else_=Move.SECOND_CHANCE.value)
    action = sa.case(
        (target > row.rank, rise),
        (row.rank == 0, _NOTHING),
        (
            sa.or_(row.keeps == 1, row.reach >= row.rank),
            sa.case(
                (renewed, Move.KEPT.value),
                (row.grace_until.is_not(None), Move.SAFE_AGAIN.value),
                else_=_NOTHING,
            ),
        ),
        (row.valid_until >= this.on, _NOTHING),
        *([(row.grace_until.is_(None), Move.AT_RISK.value)] if terms.down.grace_days else ()),
        (row.grace_until >= this.on, _NOTHING),
        else_=Move.DOWN.value,
    )  # fmt: skip
    stage = (
        sa.select(*row, target.label("target"), action.label("action"))
        .cte("actions")
        .prefix_with("MATERIALIZED")
    )
    fallen = stage.c.rank - 1 if terms.down.to == DownTo.ONE_STEP else stage.c.level
    new_rank = sa.case(
        (stage.c.action.in_([Move.UP, Move.SECOND_CHANCE]), stage.c.target),
        (stage.c.action == Move.DOWN, fallen),
        else_=stage.c.rank,
    )
    return (
        sa.select(*stage.c, new_rank.label("new_rank")).cte("decided").prefix_with("MATERIALIZED")
    )


def _rank_of(terms: Terms, key: Any) -> Any:
    return sa.case(*((key == name, rank) for name, rank in terms.ranks.items()), else_=0)


def _rank_now(this: Round, state: Any) -> Any:
    """Return the rank of the earned tier; one of an earlier version is carried over by the map."""
    plain = _rank_of(this.terms, state.earned)
    ranks = this.terms.ranks
    moved = [(state.earned == old, ranks[new]) for old, new in this.terms.carry_over.items()]
    if not moved:
        return plain
    earlier = state.version_id != this.version_id
    return sa.case((earlier, sa.case(*moved, else_=plain)), else_=plain)


def _key_of(terms: Terms, rank: Any) -> Any:
    return sa.case(*((rank == place, key) for key, place in terms.ranks.items()), else_=sa.null())


def _period_end(this: Round) -> Any:
    """Return the last day that a tier is good for which is reached or kept on the day."""
    down = this.terms.down
    if down.when == When.AT_ONCE:
        return sa.cast(sa.null(), sa.Date)
    if this.terms.period == PeriodKind.ANNIVERSARY:
        return dates.day_before(
            dates.anniversary(Member.joined_on, this.on, 1 + down.whole_periods)
        )
    return sa.literal(period_end(this.terms.period, this.on, more=down.whole_periods), sa.Date)


def _day(on: date, days: int) -> Any:
    return sa.literal(on + timedelta(days=days), sa.Date)


def _figures(terms: Terms, row: Any) -> Any:
    pairs: list[Any] = []
    for key in figure_keys(terms):
        pairs += [sa.literal_column(f"'{key}'"), row[column_of(key)]]
    return json_object(*pairs)
