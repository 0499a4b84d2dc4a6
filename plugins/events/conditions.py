"""What staff set of an activity beside its dates: whom it is for, from when each tier may register
and for how much, and the quotas that lie within the total."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from plugins.events.counting import tier_key
from plugins.events.eligibility import Rules
from plugins.events.errors import EventError
from plugins.events.models import Occurrence, Quota, Window
from plugins.events.seats import lock_quotas, set_capacity
from plugins.events.service import first_opening, guard, log_step
from plugins.events.states import EDITABLE, Counts
from plugins.events.waiting import serve
from portal.sdk import ProjectRef, db


@dataclass(frozen=True)
class TierTerms:
    """What members of a tier have: from when, for how many milli-points, at most how many seats."""

    name: Mapping[str, str]
    opens_at: datetime
    price: int
    most: int | None


@dataclass(frozen=True)
class Extra:
    """What members may choose besides their seats: "Seat on the bus", and how many there are."""

    title: Mapping[str, str]
    most: int | None


@dataclass(frozen=True)
class Conditions:
    """All of it. `windows`: by tier; `children`: seats for children, None without a limit;
    `extras`: in their order, None where there is none."""

    rules: Rules
    windows: Mapping[str, TierTerms]
    children: int | None
    extras: Sequence[Extra | None]


def set_conditions(
    *,
    actor: Any,
    project: ProjectRef,
    occurrence: Occurrence,
    wanted: Conditions,
    at: datetime,
) -> None:
    """Change an activity's conditions; who is registered stays so, and a new quota counts who
    registers from then on. Raises EventError."""
    if occurrence.state not in EDITABLE:
        raise EventError("ILLEGAL_STEP", state=occurrence.state)
    quotas = {quota.key: quota for quota in lock_quotas(occurrence.id)}
    guard(occurrence, (occurrence.state,), {"sequence": Occurrence.sequence + 1})
    occurrence.rules = wanted.rules.as_json()
    _set_windows(occurrence, wanted.windows)
    for tier, terms in wanted.windows.items():
        _set_quota(occurrence, quotas, tier_key(tier), Counts.TIER, terms.most, terms.name)
    gone = {tier_key(tier) for tier in wanted.windows}
    for key, quota in quotas.items():
        if quota.counts == Counts.TIER and key not in gone:
            set_capacity(quota, None)
    if wanted.children is not None or "children" in quotas:
        _set_quota(occurrence, quotas, "children", Counts.CHILDREN, wanted.children, {})
    for number, extra in enumerate(wanted.extras, 1):
        if extra is not None:
            key = f"chosen:{number}"
            _set_quota(occurrence, quotas, key, Counts.CHOSEN, extra.most, extra.title)
    log_step(actor=actor, occurrence=occurrence, step="conditions")
    serve(occurrence, lock_quotas(occurrence.id), project, at)


def _set_windows(occurrence: Occurrence, windows: Mapping[str, TierTerms]) -> None:
    mine = Window.occurrence_id == occurrence.id
    db.session.execute(sa.delete(Window).where(mine))
    for tier, terms in windows.items():
        db.session.add(
            Window(
                occurrence_id=occurrence.id,
                project_id=occurrence.project_id,
                tier=tier,
                opens_at=terms.opens_at,
                price=terms.price,
            )
        )
    db.session.flush()
    occurrence.first_opens_at = first_opening(occurrence.id, occurrence.opens_at)
    db.session.flush()


def _set_quota(
    occurrence: Occurrence,
    quotas: Mapping[str, Quota],
    key: str,
    counts: Counts,
    capacity: int | None,
    title: Mapping[str, str],
) -> None:
    where = {"occurrence_id": occurrence.id, "project_id": occurrence.project_id}
    found = quotas.get(key)
    if found is None:
        db.session.add(Quota(**where, key=key, counts=counts, capacity=capacity, title=title))
        db.session.flush()
        return
    found.title = title
    db.session.flush()
    set_capacity(found, capacity)
