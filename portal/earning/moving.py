"""Who would have which tier by the points of a backtest: reckoned, kept in its result, not written.

Only those are lived through whose points differ, and whoever shares figures with them, and where a
percentage of members moves up everybody: the others have the tier that they have.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import sqlalchemy as sa

from portal import clock
from portal.club.queries import current_club
from portal.earning.movements import Day, earned_rows
from portal.extensions import db
from portal.members.models import Member, MemberState
from portal.tiers.models import Membership, Override
from portal.tiers.preview import by_tier
from portal.tiers.thinking import Earned, Person, earned_by, needs_everybody, people_of
from portal.tiers.versions import InForce, in_force

SHOWN = 20
_SOME = 500
Days = Mapping[Day, int]


def moves_of(
    since: date, until: date, draft: Days, alive: Callable[[], None]
) -> list[dict[str, Any]]:
    """Return for each scheme in force how many have which tier really and would under the draft,
    and who moves furthest. `alive` is called again and again."""
    on = clock.business_date(current_club().time_zone)
    really: Counter[Day] = Counter()
    for day, amount in earned_rows(since, until, ours=True):
        really[day] += amount
    differ = {day[0] for day in {*really, *draft} if really.get(day, 0) != draft.get(day, 0)}
    return [
        _scheme(found, _Window(since, until, on), draft, differ, alive) for found in in_force(on)
    ]


class _Window:
    """The days that are replayed, and the last that is lived through."""

    def __init__(self, since: date, until: date, on: date) -> None:
        self.since, self.until, self.on = since, until, on


def _scheme(
    found: InForce, window: _Window, draft: Days, differ: set[int], alive: Callable[[], None]
) -> dict[str, Any]:
    ranks = found.terms.ranks
    whole = needs_everybody(found.scheme_id, window.since, window.on)
    counts: Counter[tuple[str | None, str | None]] = Counter()
    for row in db.session.execute(_held(found.scheme_id)):
        counts[row.tier, row.tier] += row.people
    moved: list[list[Any]] = []
    people = people_of(None if whole and differ else differ, found.terms.pool)
    points = _points(people, window, draft, alive)
    tiers = earned_by(found, people, points, since=window.since, until=window.on, alive=alive)
    now = _shown(found, people)
    for member_id, earned in tiers.items():
        was, by_hand = now.get(member_id, (None, None))
        tier = by_hand or earned
        if was != tier:
            counts[was, was] -= 1
            counts[was, tier] += 1
            moved.append([member_id, was, tier])

    def far(row: list[Any]) -> tuple[int, int]:
        return -abs(ranks.get(row[2], 0) - ranks.get(row[1], 0)), row[0]

    return {
        "name": dict(found.name),
        "names": {tier.key: dict(tier.name) for tier in found.terms.tiers},
        "steps": [
            [step.key, step.now, step.then, step.up, step.down]
            for step in by_tier(found.terms, counts)
        ],
        "people": len(moved),
        "moved": sorted(moved, key=far)[:SHOWN],
    }


def _points(
    people: list[Person], window: _Window, draft: Days, alive: Callable[[], None]
) -> dict[tuple[int, str], list[Earned]]:
    """Return what members would have earned: the draft's points, and what no rule gave or took on
    the days that are replayed."""
    found: dict[tuple[int, str], list[Earned]] = {}
    ids = sorted(person.id for person in people)
    wanted = set(ids)
    for (member_id, currency, day, known), amount in draft.items():
        if amount and member_id in wanted:
            row = Earned(date.fromisoformat(day), date.fromisoformat(known), amount)
            found.setdefault((member_id, currency), []).append(row)
    for place in range(0, len(ids), _SOME):
        some = ids[place : place + _SOME]
        for key, amount in earned_rows(window.since, window.until, ours=False, ids=some):
            member_id, currency, day, known = key
            row = Earned(date.fromisoformat(day), date.fromisoformat(known), amount)
            found.setdefault((member_id, currency), []).append(row)
        alive()
    return found


def _held(scheme_id: int) -> sa.Select[Any]:
    """Return the statement of how many active members have which tier."""
    here = sa.and_(Membership.member_id == Member.id, Membership.scheme_id == scheme_id)
    return (
        sa.select(Membership.tier, sa.func.count().label("people"))
        .select_from(Member)
        .outerjoin(Membership, here)
        .where(Member.state == MemberState.ACTIVE)
        .group_by(Membership.tier)
    )


def _shown(found: InForce, people: list[Person]) -> dict[int, tuple[str | None, str | None]]:
    """Return the tier that members have, and what of it was given by hand."""
    ids = [person.id for person in people]
    tiers: dict[int, tuple[str | None, str | None]] = {}
    for place in range(0, len(ids), _SOME):
        rows = db.session.execute(
            sa.select(Membership.member_id, Membership.tier, Override.tier.label("by_hand"))
            .outerjoin(Override, Override.id == Membership.override_id)
            .where(
                Membership.scheme_id == found.scheme_id,
                Membership.member_id.in_(ids[place : place + _SOME]),
            )
        )
        tiers |= {row.member_id: (row.tier, row.by_hand) for row in rows}
    return tiers
