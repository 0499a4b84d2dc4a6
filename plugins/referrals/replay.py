"""What a draft of the rules would have given for the leads of the last year: nothing is written.

Stages keep the days that they had. A lead lapses where the draft's windows would have ended it
(visit after the report, choice of a home after the visit), and a purchase that was cancelled gives
nothing, nor does a friend whom the draft would have excluded: known to the project then, or of the
owner's household or the staff as they are now. Ladders begin with the year; caps count by calendar
year, budgets by their days, from nought. A shared lead counts for its own owner.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa

from plugins.referrals.measures.amounts import Basis, amount_of
from plugins.referrals.measures.basis import own_area
from plugins.referrals.measures.fitting import fits
from plugins.referrals.measures.words import draft_lines
from plugins.referrals.models import Lead, Step
from plugins.referrals.models.rewards import (
    Beneficiary,
    Budget,
    Kind,
    Measure,
    Reward,
    RewardLine,
    RewardState,
)
from plugins.referrals.posting import owner_of
from plugins.referrals.replaying import excluded_leads
from plugins.referrals.rules import Draft
from plugins.referrals.states import State
from portal.sdk import ProjectRef, db, tier_of

YEAR = timedelta(days=365)
MOST = 500
"""Leads that are replayed, the newest first."""


@dataclass
class Replay:
    """What the draft would have given beside what was given: milli-points and fen by kind."""

    leads: int = 0
    lapsed: int = 0
    cancelled: int = 0
    rewards: int = 0
    capped: int = 0
    excluded: int = 0
    unfunded: int = 0
    unpriced: int = 0
    total: Counter[str] = field(default_factory=Counter)
    given: Counter[str] = field(default_factory=Counter)


def replay(*, project: ProjectRef, draft: Draft, today: date) -> Replay:
    """Return what the draft comes to; statements as few as leads, tiers and homes allow."""
    leads = _leads(project, today)
    done = Replay(leads=len(leads))
    done.given.update(_given(leads))
    steps = _steps(leads)
    walk = _Walk(project, draft, done)
    ended = {id_ for id_, lead in leads.items() if lead.state == State.CANCELLED}
    ended_by_draft = {id_ for id_ in leads if id_ not in ended and _lapses(draft, steps[id_])}
    done.cancelled, done.lapsed = len(ended), len(ended_by_draft)
    shut = excluded_leads(project, list(leads), draft.known_days) - ended
    done.excluded = len(shut)
    ended |= shut
    every = [(day, id_, stage) for id_, days in steps.items() for stage, day in days.items()]
    for day, id_, stage in sorted(every):
        if id_ not in ended and _counts(draft, steps[id_], stage, lapsed=id_ in ended_by_draft):
            walk.reach(leads[id_], stage, day)
    return done


class _Walk:
    """Goes through the stages by day, and keeps what ladders and caps have counted."""

    def __init__(self, project: ProjectRef, draft: Draft, done: Replay) -> None:
        self.project, self.draft, self.done = project, draft, done
        self.lines = draft_lines(draft.promises)
        self.budgets = list(
            db.session.scalars(
                sa.select(Budget)
                .where(Budget.project_id == project.id)
                .order_by(Budget.starts_on)
                .limit(200)
            )
        )
        self.spent: Counter[int] = Counter()
        self.areas: dict[int, int | None] = {}
        self.rungs: Counter[tuple[int, str]] = Counter()
        self.used: Counter[tuple[int, str, str, int]] = Counter()
        self.tiers: dict[tuple[int, date], str | None] = {}

    def reach(self, lead: Any, stage: str, day: date) -> None:
        nth, got = self.rungs[lead.referrer_id, stage] + 1, False
        for line in self.lines:
            if fits(
                line, stage=stage, building=lead.building, nth=nth, on=day,
                tier=lambda: self._tier(lead.referrer_id, day),
            ):  # fmt: skip
                got = True
                self._give(line, lead, day)
        self.rungs[lead.referrer_id, stage] += got

    def _amount(self, line: RewardLine, lead: Any) -> int | None:
        area = lead.area
        if line.measure == Measure.FEE_MONTHS and line.beneficiary == Beneficiary.OWNER:
            if lead.referrer_id not in self.areas:
                owner = owner_of(lead.referrer_id)
                self.areas[lead.referrer_id] = own_area(self.project, owner)
            area = self.areas[lead.referrer_id]
        return amount_of(line, Basis(lead.price, area, self.draft.month_fee))

    def _tier(self, referrer_id: int, day: date) -> str | None:
        if (referrer_id, day) not in self.tiers:
            self.tiers[referrer_id, day] = tier_of(owner_of(referrer_id), on=day)
        return self.tiers[referrer_id, day]

    def _give(self, line: RewardLine, lead: Any, day: date) -> None:
        kind, amount = Kind(line.kind), self._amount(line, lead)
        if not amount:
            self.done.unpriced += amount is None
            return
        cap = self.draft.cap_points if kind == Kind.POINTS else self.draft.cap_cash
        purse = (lead.referrer_id, str(line.beneficiary), str(kind), day.year)
        if cap is not None and self.used[purse] + amount > cap:
            self.done.capped += 1
            return
        of_day = [each for each in self.budgets if each.kind == kind and each.starts_on <= day]
        if of_day and self.spent[of_day[-1].id] + amount > of_day[-1].amount:
            self.done.unfunded += 1
            return
        if of_day:
            self.spent[of_day[-1].id] += amount
        self.used[purse] += amount
        self.done.rewards += 1
        self.done.total[str(kind)] += amount


def _leads(project: ProjectRef, today: date) -> dict[int, Any]:
    rows = db.session.execute(
        sa.select(Lead.id, Lead.referrer_id, Lead.building, Lead.state, Lead.price, Lead.area)
        .join(Step, Step.lead_id == Lead.id)
        .where(
            Step.project_id == project.id,
            Step.step == State.REPORTED,
            Step.stage,
            Step.on_day >= today - YEAR,
        )
        .order_by(Step.on_day.desc(), Lead.id.desc())
        .limit(MOST)
    )
    return {row.id: row for row in rows}


def _steps(leads: Mapping[int, Any]) -> dict[int, dict[str, date]]:
    """Return the day of each stage of each lead."""
    found: dict[int, dict[str, date]] = defaultdict(dict)
    for row in db.session.execute(
        sa.select(Step.lead_id, Step.step, Step.on_day).where(Step.lead_id.in_(leads), Step.stage)
    ):
        found[row.lead_id][row.step] = row.on_day
    return found


def _given(leads: Mapping[int, Any]) -> dict[str, int]:
    """Return what the leads have given by kind; what was taken back is negative."""
    rows = db.session.execute(
        sa.select(Reward.kind, sa.func.sum(Reward.amount))
        .where(Reward.lead_id.in_(leads), Reward.state != RewardState.VOID)
        .group_by(Reward.kind)
    )
    return {row[0]: int(row[1]) for row in rows}


def _lapses(draft: Draft, days: Mapping[str, date]) -> bool:
    return _late_visit(draft, days) or _late_choice(draft, days)


def _counts(draft: Draft, days: Mapping[str, date], stage: str, *, lapsed: bool) -> bool:
    """Tell whether a stage is reached under the draft: a late one and those after it are not."""
    if not lapsed or stage in (State.CONSENTED, State.REPORTED, State.ACCEPTED):
        return True
    return stage == State.VISITED and not _late_visit(draft, days)


def _late_visit(draft: Draft, days: Mapping[str, date]) -> bool:
    most = min(draft.visit_days, draft.protection_days)
    return _later(days, State.REPORTED, State.VISITED, most)


def _late_choice(draft: Draft, days: Mapping[str, date]) -> bool:
    return _later(days, State.VISITED, State.SUBSCRIBED, draft.subscribe_days)


def _later(days: Mapping[str, date], first: State, then: State, most: int) -> bool:
    return first in days and then in days and (days[then] - days[first]).days > most


def kinds(found: Replay) -> Sequence[str]:
    """Return the kinds of rewards that either side has."""
    return [kind for kind in Kind if found.total[kind] or found.given[kind]]
