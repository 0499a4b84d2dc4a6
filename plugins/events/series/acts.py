"""What is done to one date of a series after another: passed on to each, kept as JSON for a job."""

from dataclasses import asdict, dataclass, fields, replace
from datetime import date, datetime, timedelta
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from plugins.events import conditions
from plugins.events import service as single
from plugins.events.conditions import Conditions, Extra, TierTerms
from plugins.events.eligibility import Rules
from plugins.events.models import Event, Occurrence, Quota
from plugins.events.policy import standing
from plugins.events.series.passing_on import draft_of, passed_on
from plugins.events.service import Draft
from plugins.events.states import EDITABLE, STEPS, State
from portal.sdk import ProjectRef, db

_MOMENTS = ("starts_at", "ends_at", "opens_at", "closes_at", "cancel_until")


class Act(Protocol):
    """Something that staff do to a date of a series and to those that follow."""

    def fits(self, each: Occurrence, at: datetime) -> bool:
        """Tell whether it is done to a date that follows."""

    def carry_out(
        self,
        *,
        actor: Any,
        project: ProjectRef,
        pattern: Occurrence,
        each: Occurrence,
        at: datetime,
    ) -> None:
        """Do it to one date. Raises EventError before anything is written."""

    def as_json(self) -> dict[str, Any]:
        """Return it for `act_of`."""


@dataclass(frozen=True)
class Rewrite:
    """Texts and terms, as they were and became at the first date; `event`: the row of new texts."""

    before: Draft
    after: Draft
    event: int | None

    def fits(self, each: Occurrence, at: datetime) -> bool:
        """Leave out what differs, has begun or is over."""
        return _changes(each, at)

    def carry_out(
        self,
        *,
        actor: Any,
        project: ProjectRef,
        pattern: Occurrence,
        each: Occurrence,
        at: datetime,
    ) -> None:
        """Change what was changed at the first date."""
        draft = self.after
        if each.id != pattern.id:
            own, zone = draft_of(each, _capacity(each)), ZoneInfo(project.time_zone)
            draft = passed_on(self.before, self.after, own, pattern, zone)
        event = db.session.get_one(Event, self.event) if self.event else None
        single.rewrite(
            actor=actor, project=project, occurrence=each, draft=draft, at=at, event=event
        )

    def as_json(self) -> dict[str, Any]:
        """Return it for `act_of`."""
        drafts = {"before": _draft_json(self.before), "after": _draft_json(self.after)}
        return {"kind": "rewrite", **drafts, "event": self.event}


@dataclass(frozen=True)
class SetConditions:
    """Conditions of the first date, whose day they were written for."""

    wanted: Conditions

    def fits(self, each: Occurrence, at: datetime) -> bool:
        """Leave out what differs, has begun or is over."""
        return _changes(each, at)

    def carry_out(
        self,
        *,
        actor: Any,
        project: ProjectRef,
        pattern: Occurrence,
        each: Occurrence,
        at: datetime,
    ) -> None:
        """Set them, each window as long before its date."""
        zone = ZoneInfo(project.time_zone)
        offset = day_of(each, zone) - day_of(pattern, zone)
        windows = {
            tier: replace(terms, opens_at=_shifted(terms.opens_at, offset, zone))
            for tier, terms in self.wanted.windows.items()
        }
        its = replace(self.wanted, windows=windows)
        conditions.set_conditions(actor=actor, project=project, occurrence=each, wanted=its, at=at)

    def as_json(self) -> dict[str, Any]:
        """Return it for `act_of`."""
        windows = {
            tier: asdict(terms) | {"opens_at": terms.opens_at.isoformat()}
            for tier, terms in self.wanted.windows.items()
        }
        extras = [asdict(each) if each else None for each in self.wanted.extras]
        rest = {"rules": self.wanted.rules.as_json(), "children": self.wanted.children}
        return {"kind": "conditions", **rest, "windows": windows, "extras": extras}


@dataclass(frozen=True)
class TakeStep:
    """A step of the life of an activity, with its reason."""

    step: str
    reason: str

    def fits(self, each: Occurrence, at: datetime) -> bool:
        """Leave out what has begun, and from where the step does not lead on."""
        if each.starts_at <= at or (self.step in ("submit", "approve") and each.closes_at <= at):
            return False
        return each.state in STEPS[self.step].sources or self._puts_away(each)

    def carry_out(
        self,
        *,
        actor: Any,
        project: ProjectRef,
        pattern: Occurrence,
        each: Occurrence,
        at: datetime,
    ) -> None:
        """Lead it on; a draft is put away where the others are called off."""
        if self._puts_away(each):
            single.guard(each, (State.DRAFT,), {"state": State.ARCHIVED})
            single.log_step(actor=actor, occurrence=each, step="archive", reason=self.reason)
            return
        single.take_step(
            actor=actor,
            project=project,
            occurrence=each,
            step=self.step,
            at=at,
            reason=self.reason,
        )

    def as_json(self) -> dict[str, Any]:
        """Return it for `act_of`."""
        return {"kind": "step", "step": self.step, "reason": self.reason}

    def _puts_away(self, each: Occurrence) -> bool:
        return self.step == "cancel" and each.state == State.DRAFT


def act_of(kept: dict[str, Any]) -> Act:
    """Return what `as_json` kept."""
    values = {key: value for key, value in kept.items() if key != "kind"}
    if kept["kind"] == "step":
        return TakeStep(**values)
    if kept["kind"] == "rewrite":
        return Rewrite(_draft(values["before"]), _draft(values["after"]), values["event"])
    windows = {
        tier: TierTerms(**terms | {"opens_at": datetime.fromisoformat(terms["opens_at"])})
        for tier, terms in values["windows"].items()
    }
    extras = [Extra(**each) if each else None for each in values["extras"]]
    return SetConditions(Conditions(Rules(**values["rules"]), windows, values["children"], extras))


def day_of(occurrence: Occurrence, zone: ZoneInfo) -> date:
    """Return the day on which a date begins."""
    return occurrence.starts_at.astimezone(zone).date()


def _changes(each: Occurrence, at: datetime) -> bool:
    return not each.differs and each.starts_at > at and standing(each, at) in EDITABLE


def _capacity(each: Occurrence) -> int | None:
    total = sa.select(Quota.capacity).where(Quota.key == "total", Quota.occurrence_id == each.id)
    return db.session.scalar(total)


def _shifted(at: datetime, offset: timedelta, zone: ZoneInfo) -> datetime:
    return (at.astimezone(zone).replace(tzinfo=None) + offset).replace(tzinfo=zone)


def _draft_json(draft: Draft) -> dict[str, Any]:
    values = {each.name: getattr(draft, each.name) for each in fields(draft)}
    return values | {name: values[name].isoformat() for name in _MOMENTS}


def _draft(kept: dict[str, Any]) -> Draft:
    return Draft(**kept | {name: datetime.fromisoformat(kept[name]) for name in _MOMENTS})
