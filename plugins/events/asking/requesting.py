"""Asking the club for a place: no seat is taken and nothing charged before somebody says yes."""

from datetime import datetime

from plugins.events.asking.parties import Party, write_whole
from plugins.events.counting import Seats, could_fit
from plugins.events.models import Occurrence, Quota, Registration, Window
from plugins.events.policy import Terms
from plugins.events.states import Seat
from portal.sdk import MemberRef


def ask_for_place(
    occurrence: Occurrence,
    member: MemberRef,
    whole: Party,
    at: datetime,
    *,
    quotas: list[Quota],
    counts: Seats,
    window: Window | None,
    terms: Terms,
) -> Registration:
    """Write down a party that asks for its seats, with the terms it saw. Raises EventError
    PARTY_TOO_LARGE when there are not so many seats in all."""
    could_fit(quotas, counts)
    made = write_whole(occurrence, member, whole, Seat.PENDING, at, counts=counts, window=window)
    made.asked_under = terms.mark()
    return made
