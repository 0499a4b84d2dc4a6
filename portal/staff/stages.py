"""The stages of an owner: how long a member has had a home in a project."""

from datetime import date
from enum import StrEnum

import sqlalchemy as sa


class Stage(StrEnum):
    """How long a member has had a home in the project; a future owner has none."""

    SETTLING_IN = "settling_in"
    SETTLED = "settled"
    LONG_STANDING = "long_standing"
    FUTURE = "future"


def stage_of(since: date | None, today: date) -> Stage:
    """Return the stage of a member whose first present home in the project began on `since`."""
    if since is None:
        return Stage.FUTURE
    if since > _years_before(today, 1):
        return Stage.SETTLING_IN
    return Stage.SETTLED if since >= _years_before(today, 2) else Stage.LONG_STANDING


def in_stage(since: sa.ColumnElement[date], stage: Stage, today: date) -> sa.ColumnElement[bool]:
    """Return the condition under which `since`, null for none, means `stage`."""
    one, two = _years_before(today, 1), _years_before(today, 2)
    match stage:
        case Stage.FUTURE:
            return since.is_(None)
        case Stage.SETTLING_IN:
            return since > one
        case Stage.SETTLED:
            return since.between(two, one)
        case Stage.LONG_STANDING:
            return since < two


def _years_before(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        # 29 February
        return day.replace(year=day.year - years, day=28)
