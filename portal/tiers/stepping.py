"""What the evaluation of a day makes of one member's state, in plain Python.

The pipeline does the same in SQL for all at once, and a property test holds the two together. This
is for lives that nobody has led: a backtest goes through its days member by member.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

from portal.tiers.conditions import holds
from portal.tiers.kinds import DownTo, When
from portal.tiers.terms import Terms
from portal.tiers.windows import period_end


@dataclass(frozen=True)
class State:
    """Where a member stands; ranks, 0 is unrated. `changes` counts the rows of the history."""

    rank: int = 0
    valid_until: date | None = None
    grace_until: date | None = None
    lost: int = 0
    second_chance_until: date | None = None
    changes: int = 0
    move: str = ""


def step(
    terms: Terms,
    state: State,
    figures: Mapping[str, int],
    *,
    joined_on: date,
    on: date,
    opening: bool,
) -> State:
    """Return the state after the evaluation of a day, by the member's figures of that day."""
    reached = [holds(tier.reach, figures, tier.key) for tier in terms.tiers]
    kept = [holds(terms.keeps(tier), figures, tier.key) for tier in terms.tiers]
    reach = max((rank for rank, there in enumerate(reached, 1) if there), default=0)
    chance = 0
    if state.lost and state.second_chance_until is not None and state.second_chance_until >= on:
        chance = state.lost if kept[state.lost - 1] else 0
    if terms.up == When.AT_ONCE or opening:
        target = max(reach, chance)
    else:
        target = reach if state.changes == 0 else chance
    end = None
    if terms.down.when == When.PERIOD_START:
        end = period_end(terms.period, on, joined_on, more=terms.down.whole_periods)
    after = _decide(terms, state, on, target, reach, end, reached, kept)
    if state.changes == 0:
        after = replace(after, move="first")
    return state if after is state else replace(after, changes=state.changes + 1)


def _decide(
    terms: Terms,
    state: State,
    on: date,
    target: int,
    reach: int,
    end: date | None,
    reached: list[bool],
    kept: list[bool],
) -> State:
    rank = state.rank
    if target > rank:
        move = "up" if reach >= target else "second_chance"
        return State(target, end, None, 0, None, state.changes, move)
    if rank == 0:
        return state
    if kept[rank - 1] or reach >= rank:
        return _kept(state, on, end)
    return _failed(terms, state, on, end, reached, kept)


def _kept(state: State, on: date, end: date | None) -> State:
    over = state.valid_until is not None and state.valid_until < on
    if over or (state.valid_until is None and end is not None):
        return replace(state, valid_until=end, grace_until=None, move="kept")
    if state.grace_until is not None:
        return replace(state, grace_until=None, move="safe_again")
    return state


def _failed(
    terms: Terms, state: State, on: date, end: date | None, reached: list[bool], kept: list[bool]
) -> State:
    down, rank = terms.down, state.rank
    if state.valid_until is not None and state.valid_until >= on:
        return state
    if down.grace_days and state.grace_until is None:
        return replace(state, grace_until=on + timedelta(down.grace_days), move="at_risk")
    if state.grace_until is not None and state.grace_until >= on:
        return state
    if down.to == DownTo.ONE_STEP:
        fallen = rank - 1
    else:
        lower = [low for low in range(1, rank) if kept[low - 1] or reached[low - 1]]
        fallen = max(lower, default=0)
    chance = on + timedelta(down.second_chance_days) if down.second_chance_days else None
    grace = None
    if down.when == When.AT_ONCE and fallen and not (kept[fallen - 1] or reached[fallen - 1]):
        grace = on + timedelta(down.grace_days)
    return State(
        fallen, end if fallen else None, grace, rank if chance else 0, chance, state.changes, "down"
    )
