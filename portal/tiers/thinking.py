"""Which tiers members would have had they earned other points: lived through night by night.

Nothing is written. It begins with where each member stood (the history keeps that), and goes
through each day as the nightly evaluation and the events of the day did, by the version of that
day, so that kept tiers, grace, second chances and percentages come out as they would.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import NamedTuple

import sqlalchemy as sa

from portal.extensions import db
from portal.members.models import Member, MemberState
from portal.tiers.conditions import top_key
from portal.tiers.kinds import MetricKind, PeriodKind, Pool, TieRule, VersionState
from portal.tiers.metrics import EVERYBODY, Batch, figures_of
from portal.tiers.models import History, Ranking, SchemeVersion
from portal.tiers.stepping import State, step
from portal.tiers.terms import Metric, Terms, Tier, top_of, tops
from portal.tiers.versions import InForce, in_force, terms_of
from portal.tiers.windows import period_start, window_days

MOST_NAMED = 2_000
"""Of more members than this the figures of everybody are read."""
_DAY = timedelta(days=1)


class Earned(NamedTuple):
    """Milli-points that count on a day, and since when that is known."""

    day: date
    known: date
    amount: int


Points = Mapping[tuple[int, str], Sequence[Earned]]
"""By member and currency."""


class Person(NamedTuple):
    """What of a member evaluations need."""

    id: int
    joined_on: date
    household_id: int


@dataclass
class _Lives:
    """Where the lives of some members in a scheme stand."""

    people: list[Person]
    pool: dict[tuple[int, str], list[Earned]]
    states: dict[int, State]
    ahead: dict[str, set[int]]


def people_of(ids: Collection[int] | None, pool: Pool) -> list[Person]:
    """Return active members, and whoever shares figures with them; None: everybody."""
    wanted = sa.select(Member.id, Member.joined_on, Member.household_id).where(
        Member.state == MemberState.ACTIVE
    )
    if ids is None:
        return [Person(*row) for row in db.session.execute(wanted)]
    found: dict[int, Person] = {}
    ordered = sorted(ids)
    for place in range(0, len(ordered), MOST_NAMED):
        some = Member.id.in_(ordered[place : place + MOST_NAMED])
        if pool == Pool.HOUSEHOLD:
            homes = sa.select(Member.household_id).where(some)
            some = Member.household_id.in_(homes)
        found |= {row.id: Person(*row) for row in db.session.execute(wanted.where(some))}
    return list(found.values())


def earned_by(
    found: InForce,
    people: list[Person],
    points: Points,
    *,
    since: date,
    until: date,
    alive: Callable[[], None],
) -> dict[int, str | None]:
    """Return the tier by the rules that each would have after the last of some days.

    `points`: all that they earned, were given and lost, at any time. `alive` is called after each
    day.
    """
    held = _held_before(found.scheme_id, since, people)
    lives = _Lives(people, _pooled(found, people, points), {}, {})
    terms, decided = None, None
    for day in _days(since, until):
        now = in_force(day, scheme=found.key)
        if not now:
            continue
        if terms is None:
            terms = now[0].terms
            lives.states = {
                person.id: _state_of(terms, now[0].version_id, held.get(person.id))
                for person in people
            }
            decided = _decided_before(found.key, terms, since)
            lives.ahead = _frozen(found.scheme_id, terms, since)
        elif now[0].terms is not terms:
            terms = _carry(lives, terms, now[0].terms)
        opening = False
        if terms.period != PeriodKind.ANNIVERSARY:
            start = period_start(terms.period, day)
            opening, decided = decided is None or decided < start, start
        _live_a_day(lives, terms, day, opening=opening)
        alive()
    if terms is None:
        return dict.fromkeys((person.id for person in people), None)
    keys = [None, *terms.ranks]
    return {person.id: keys[lives.states[person.id].rank] for person in people}


def _days(since: date, until: date) -> Iterator[date]:
    while since <= until:
        yield since
        since += _DAY


def _live_a_day(lives: _Lives, terms: Terms, day: date, *, opening: bool) -> None:
    """Evaluate everybody in the night, then those who hear of points in the course of the day."""
    batch = EVERYBODY
    if len(lives.people) <= MOST_NAMED:
        batch = Batch(ids=[person.id for person in lives.people])
    read = {
        metric.key: {
            row.holder_id: int(row.value)
            for row in db.session.execute(figures_of(metric, terms.pool, day, batch))
        }
        for metric in terms.metrics
        if metric.kind != MetricKind.POINTS
    }

    def figures(person: Person, known: date) -> dict[str, int]:
        holder = person.id if terms.pool == Pool.MEMBER else person.household_id
        found = {
            metric.key: _points(lives, metric, person, holder, day, known)
            if metric.kind == MetricKind.POINTS
            else read[metric.key].get(holder, 0)
            for metric in terms.metrics
        }
        return found | {top_key(key): int(person.id in ids) for key, ids in lives.ahead.items()}

    if opening:
        lives.ahead = {
            tier.key: _ahead(lives, terms, tier, lambda person: figures(person, day - _DAY))
            for tier in tops(terms)
        }
    for person in lives.people:
        if person.joined_on > day:
            continue
        for known, first in ((day - _DAY, True), (day, False)):
            if not first and not _heard(lives, terms, person, day):
                continue
            lives.states[person.id] = step(
                terms,
                lives.states[person.id],
                figures(person, known),
                joined_on=person.joined_on,
                on=day,
                opening=opening and first,
            )


def _heard(lives: _Lives, terms: Terms, person: Person, day: date) -> bool:
    """Tell whether something came to be known on a day that counts for a member."""
    holder = person.id if terms.pool == Pool.MEMBER else person.household_id
    currencies = {each.currency for each in terms.metrics if each.kind == MetricKind.POINTS}
    return any(
        row.known == day
        for currency in currencies
        for row in lives.pool.get((holder, currency), ())
    )


def _points(
    lives: _Lives, metric: Metric, person: Person, holder: int, day: date, known: date
) -> int:
    rows = lives.pool.get((holder, metric.currency))
    if not rows:
        return 0
    days = window_days(metric.window, day, person.joined_on)
    return max(
        sum(
            row.amount for row in rows if days.since <= row.day <= days.until and row.known <= known
        ),
        0,
    )


def _ahead(
    lives: _Lives, terms: Terms, tier: Tier, figures: Callable[[Person], Mapping[str, int]]
) -> set[int]:
    """Return who is among the first percent, as portal.tiers.ranking finds it."""
    top = top_of(tier)
    assert top is not None
    rank = terms.ranks[top.of]
    field = sorted(
        (-figures(person)[top.metric], person.joined_on, person.id)
        for person in lives.people
        if lives.states[person.id].rank == rank
    )
    places = len(field) * top.basis_points // 10_000
    values = [row[0] for row in field]
    found = set()
    for row, (value, _joined_on, member_id) in enumerate(field, 1):
        first, equals = values.index(value) + 1, values.count(value)
        last = {
            TieRule.ALL: first,
            TieRule.NONE: first + equals - 1,
            TieRule.LONGEST: row,
        }[top.ties]
        if value < 0 and last <= places:
            found.add(member_id)
    return found


def _pooled(
    found: InForce, people: list[Person], points: Points
) -> dict[tuple[int, str], list[Earned]]:
    """Return points by holder and currency."""
    pooled: dict[tuple[int, str], list[Earned]] = {}
    homes = {person.id: person.household_id for person in people}
    for (member_id, currency), rows in points.items():
        if member_id in homes:
            holder = member_id if found.terms.pool == Pool.MEMBER else homes[member_id]
            pooled.setdefault((holder, currency), []).extend(rows)
    return pooled


def _held_before(scheme_id: int, since: date, people: list[Person]) -> dict[int, History]:
    """Return the last row of each member's history before a day."""
    last = (
        sa.select(History.member_id, sa.func.max(History.number).label("number"))
        .where(History.scheme_id == scheme_id, History.day < since)
        .group_by(History.member_id)
        .subquery()
    )
    rows = db.session.scalars(
        sa.select(History).join(
            last,
            sa.and_(
                History.member_id == last.c.member_id,
                History.number == last.c.number,
                History.scheme_id == scheme_id,
            ),
        )
    )
    wanted = {person.id for person in people}
    return {row.member_id: row for row in rows if row.member_id in wanted}


def _state_of(terms: Terms, version_id: int, row: History | None) -> State:
    if row is None:
        return State()
    earned, lost = row.earned, row.lost
    if row.version_id != version_id and earned is not None:
        earned = terms.carry_over.get(earned, earned)
    return State(
        rank=terms.ranks.get(earned or "", 0),
        valid_until=row.valid_until,
        grace_until=row.grace_until,
        lost=terms.ranks.get(lost or "", 0),
        second_chance_until=row.second_chance_until,
        changes=row.number,
    )


def _decided_before(scheme: str, terms: Terms, since: date) -> date | None:
    """Return the period that was decided before a day: there were evaluations each night."""
    before = since - _DAY
    if terms.period == PeriodKind.ANNIVERSARY or not in_force(before, scheme=scheme):
        return None
    return period_start(terms.period, before)


def _frozen(scheme_id: int, terms: Terms, since: date) -> dict[str, set[int]]:
    """Return who was ahead in the period of a day, as it was found then."""
    if not tops(terms):
        return {}
    found: dict[str, set[int]] = {tier.key: set() for tier in tops(terms)}
    rows = db.session.execute(
        sa.select(Ranking.tier, Ranking.member_id).where(
            Ranking.scheme_id == scheme_id,
            Ranking.period_start == period_start(terms.period, since),
        )
    )
    for row in rows:
        found.setdefault(row.tier, set()).add(row.member_id)
    return found


def _carry(lives: _Lives, before: Terms, now: Terms) -> Terms:
    """Let everybody stand in the tiers of the next version; return its rules."""
    keys = [None, *before.ranks]

    def rank(place: int) -> int:
        key = keys[place] or ""
        return now.ranks.get(now.carry_over.get(key, key), 0)

    lives.states = {
        member_id: replace(state, rank=rank(state.rank), lost=rank(state.lost))
        for member_id, state in lives.states.items()
    }
    lives.ahead = {tier.key: lives.ahead.get(tier.key, set()) for tier in tops(now)}
    return now


def needs_everybody(scheme_id: int, since: date, until: date) -> bool:
    """Tell whether a member's tier goes by those of others, in a version of some days."""
    versions = db.session.scalars(
        sa.select(SchemeVersion).where(
            SchemeVersion.scheme_id == scheme_id,
            SchemeVersion.state == VersionState.PUBLISHED,
            SchemeVersion.begins_on <= until,
        )
    )
    return any(tops(terms_of(version)) for version in versions)
