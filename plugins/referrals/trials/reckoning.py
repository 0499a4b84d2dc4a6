"""What a draft of the rules would have given for the leads of a year, some stages at a time.

Stages keep the days that they had, and are taken in that order over all leads. A lead lapses where
the draft's windows would have ended it (visit after the report, choice of a home after the visit),
and a purchase that was cancelled gives nothing, nor does a friend whom the draft would have
excluded: known to the project then, or of the owner's household or the staff as they are now.
Ladders begin with the year; caps count by calendar year, budgets by their days, from nought. A
shared lead counts for its own owner.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

import sqlalchemy as sa

from plugins.referrals.measures.amounts import Basis, amount_of
from plugins.referrals.measures.fitting import fits
from plugins.referrals.measures.words import draft_lines
from plugins.referrals.models import RewardLine
from plugins.referrals.models.rewards import Beneficiary, Budget, Kind, Measure
from plugins.referrals.rules import Draft
from plugins.referrals.states import State
from plugins.referrals.trials.excluding import excluded_leads
from plugins.referrals.trials.figures import Carried, Figures
from plugins.referrals.trials.stretch import Stretch
from portal.sdk import ProjectRef, db

_BUDGETS = 200


class Reckoning:
    """A draft on its way through the stages of a project."""

    def __init__(
        self, project: ProjectRef, draft: Draft, figures: Figures, carried: Carried
    ) -> None:
        self.project, self.draft = project, draft
        self.figures, self.carried = figures, carried
        self.lines = draft_lines(draft.promises)
        # Only what some line asks for is carried on.
        self.ladder = any(line.from_nth > 1 or line.to_nth is not None for line in self.lines)
        self.caps = {Kind.POINTS: draft.cap_points, Kind.CASH: draft.cap_cash}
        self.budgets = list(
            db.session.scalars(
                sa.select(Budget)
                .where(Budget.project_id == project.id)
                .order_by(Budget.starts_on)
                .limit(_BUDGETS)
            )
        )

    def take(self, stretch: Stretch) -> None:
        """Reckon the next stages, which follow those before in their order."""
        days = stretch.days
        cancelled = {each.lead_id for each in stretch.steps if each.state == State.CANCELLED}
        lapsed = {
            lead for lead in days if lead not in cancelled and _lapses(self.draft, days[lead])
        }
        shut = excluded_leads(
            self.project, list(days), self.draft.known_days, stretch.members
        ) - cancelled  # fmt: skip
        for each in stretch.steps:
            lead = each.lead_id
            if each.step == State.REPORTED:
                # Once a lead, wherever its other stages are reckoned.
                self.figures.leads += 1
                self.figures.cancelled += lead in cancelled
                self.figures.lapsed += lead in lapsed
                self.figures.excluded += lead in shut
            if lead not in cancelled | shut and _counts(
                self.draft, days[lead], each.step, lapsed=lead in lapsed
            ):
                self._reach(stretch, each)
        self.figures.given.update(stretch.given)
        self.carried.place = stretch.place

    def _reach(self, stretch: Stretch, each: Any) -> None:
        key, got = f"{each.referrer_id}:{each.step}", False
        nth = self.carried.rungs[key] + 1
        for line in self.lines:
            if fits(
                line, stage=each.step, building=each.building, nth=nth, on=each.on_day,
                tier=lambda: stretch.tier(each.member_id, each.on_day),
            ):  # fmt: skip
                got = True
                self._give(line, stretch, each)
        if got and self.ladder:
            self.carried.rungs[key] = nth

    def _amount(self, line: RewardLine, stretch: Stretch, each: Any) -> int | None:
        area = each.area
        if line.measure == Measure.FEE_MONTHS and line.beneficiary == Beneficiary.OWNER:
            area = stretch.area(each.member_id)
        return amount_of(line, Basis(each.price, area, self.draft.month_fee))

    def _give(self, line: RewardLine, stretch: Stretch, each: Any) -> None:
        kind, amount = Kind(line.kind), self._amount(line, stretch, each)
        if not amount:
            self.figures.unpriced += amount is None
            return
        cap = self.caps[kind]
        purse = f"{each.referrer_id}:{line.beneficiary}:{kind}:{each.on_day.year}"
        if cap is not None and self.carried.used[purse] + amount > cap:
            self.figures.capped += 1
            return
        budget = self._budget(kind, each.on_day)
        if budget is not None:
            spent = self.carried.spent[str(budget.id)] + amount
            if spent > budget.amount:
                self.figures.unfunded += 1
                return
            self.carried.spent[str(budget.id)] = spent
        if cap is not None:
            self.carried.used[purse] += amount
        self.figures.rewards += 1
        self.figures.total[str(kind)] += amount

    def _budget(self, kind: Kind, day: date) -> Budget | None:
        of_day = [each for each in self.budgets if each.kind == kind and each.starts_on <= day]
        return of_day[-1] if of_day else None


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
