"""The stage of a home by the day of its handover."""

from datetime import date

from plugins.surveys.states import Stage

_YEAR, _TWO = 1, 2


def stage_on(handover: date | None, today: date) -> Stage:
    """Return the stage of a home; the anniversary itself belongs to the later stage."""
    if handover is None or handover > today:
        return Stage.PROSPECT
    years = today.year - handover.year - ((today.month, today.day) < (handover.month, handover.day))
    if years < _YEAR:
        return Stage.SETTLING
    return Stage.STABLE if years < _TWO else Stage.SENIOR
