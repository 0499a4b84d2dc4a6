"""Some stages of the leads of a year, in the order of their days, with what they need: read in a
number of statements that does not grow with the leads."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any

import sqlalchemy as sa

from plugins.referrals.models import Lead, Referrer, Reward, Step
from plugins.referrals.models.rewards import RewardState
from plugins.referrals.states import State
from portal.sdk import MemberRef, ProjectRef, UtcDateTime, db, find_members, homes_of_each, tiers_of

YEAR = timedelta(days=365)
LENGTH = 500
"""Stages that are read at once; the portal answers for 500 members and numbers at most."""


@dataclass
class Stretch:
    """Stages with their leads. `days`: of each of these leads the days of all its stages; `given`:
    what the leads reported here have given by kind, less what was taken back."""

    project: ProjectRef
    steps: Sequence[Any]
    days: Mapping[int, Mapping[str, date]]
    given: Mapping[str, int]
    members: Mapping[int, MemberRef]
    _tiers: dict[date, Mapping[int, str | None]] = field(default_factory=dict)

    @property
    def place(self) -> list[Any]:
        """Return the last stage, for `next_stretch`."""
        last = self.steps[-1]
        return [last.on_day.isoformat(), last.created_at.isoformat(), last.id]

    def tier(self, member_id: int, day: date) -> str | None:
        """Return the tier that an owner had on a day."""
        if day not in self._tiers:
            here = {each.member_id for each in self.steps if each.on_day == day}
            asked = [self.members[each] for each in here if each in self.members]
            self._tiers[day] = tiers_of(asked, on=day)
        return self._tiers[day].get(member_id)

    def area(self, member_id: int) -> int | None:
        """Return the floor area of the owner's first home whose area is known."""
        return next((home.area for home in self._homes.get(member_id, ()) if home.area), None)

    @cached_property
    def _homes(self) -> Mapping[int, Sequence[Any]]:
        return homes_of_each(self.members.values(), self.project)


def count(project: ProjectRef, today: date) -> int:
    """Return how many stages the leads of a year have."""
    mine = _stages(project, today, sa.select(sa.func.count()).select_from(Step))
    return db.session.scalar(mine) or 0


def next_stretch(
    project: ProjectRef, today: date, place: Sequence[Any] | None, length: int = LENGTH
) -> Stretch | None:
    """Return the stages after a place (None: the first ones), None after the last."""
    keys = (Step.on_day, Step.created_at, Step.id)
    mine = _stages(
        project,
        today,
        sa.select(
            *keys, Step.lead_id, Step.step, Lead.referrer_id, Lead.building, Lead.state, Lead.price,
            Lead.area, Referrer.member_id,
        ),
    )  # fmt: skip
    if place is not None:
        day, at, id_ = date.fromisoformat(place[0]), datetime.fromisoformat(place[1]), place[2]
        bounds = sa.tuple_(
            sa.literal(day, sa.Date()), sa.literal(at, UtcDateTime()), sa.literal(id_, Step.id.type)
        )
        mine = mine.where(sa.tuple_(*keys) > bounds)
    steps = db.session.execute(mine.order_by(*keys).limit(length)).all()
    if not steps:
        return None
    reported = [each.lead_id for each in steps if each.step == State.REPORTED]
    return Stretch(
        project,
        steps,
        _days({each.lead_id for each in steps}),
        _given(reported),
        find_members({each.member_id for each in steps}),
    )


def _stages(project: ProjectRef, today: date, what: Any) -> Any:
    """Return a statement about the stages of the leads that were reported within a year."""
    reported = sa.orm.aliased(Step)
    return (
        what.join(Lead, Lead.id == Step.lead_id)
        .join(Referrer, Referrer.id == Lead.referrer_id)
        .join(
            reported,
            sa.and_(
                reported.lead_id == Step.lead_id,
                reported.stage,
                reported.step == State.REPORTED,
                reported.on_day >= today - YEAR,
            ),
        )
        .where(Step.project_id == project.id, Step.stage, Step.on_day >= today - YEAR)
    )


def _days(leads: set[int]) -> dict[int, dict[str, date]]:
    found: dict[int, dict[str, date]] = defaultdict(dict)
    for row in db.session.execute(
        sa.select(Step.lead_id, Step.step, Step.on_day).where(Step.lead_id.in_(leads), Step.stage)
    ):
        found[row.lead_id][row.step] = row.on_day
    return found


def _given(leads: Sequence[int]) -> dict[str, int]:
    rows = db.session.execute(
        sa.select(Reward.kind, sa.func.sum(Reward.amount))
        .where(Reward.lead_id.in_(leads), Reward.state != RewardState.VOID)
        .group_by(Reward.kind)
    )
    return {row[0]: int(row[1]) for row in rows}
