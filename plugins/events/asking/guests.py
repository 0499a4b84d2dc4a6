"""Guests of a party: somebody from outside of the household, whose host is who registers."""

from collections.abc import Sequence
from dataclasses import dataclass

from plugins.events.errors import EventError
from plugins.events.models import Occurrence
from plugins.events.party import MOST, Candidate
from portal.sdk import Housemate, MemberRef

LONGEST = 80


@dataclass(frozen=True)
class Guest:
    """A guest by name. `key`: "guest-1" and so on; `age`: of who is not grown up, None else."""

    key: str
    name: str
    age: int | None = None


def with_guests(
    occurrence: Occurrence,
    member: MemberRef,
    chosen: Sequence[Candidate],
    guests: Sequence[Guest],
) -> list[Candidate]:
    """Return a party with its guests. Raises EventError: TOO_MANY_GUESTS, NO_HOST, BAD_GUEST,
    TOO_YOUNG, TOO_MANY."""
    if not guests:
        return list(chosen)
    if len(guests) > occurrence.guests_most:
        raise EventError("TOO_MANY_GUESTS", available=occurrence.guests_most)
    if all(each.mate.member_id != member.id for each in chosen):
        raise EventError("NO_HOST")
    if len(chosen) + len(guests) > MOST:
        raise EventError("TOO_MANY")
    return [*chosen, *(_candidate(occurrence, each) for each in guests)]


def _candidate(occurrence: Occurrence, guest: Guest) -> Candidate:
    name = " ".join(guest.name.replace("\0", "").split())
    if not 0 < len(name) <= LONGEST or (guest.age is not None and not 0 <= guest.age <= 120):
        raise EventError("BAD_GUEST")
    if guest.age is not None and guest.age < (occurrence.least_age or 0):
        raise EventError("TOO_YOUNG")
    mate = Housemate(guest.key, name, None, "other", None)
    return Candidate(mate, guest.age, None, guest=True)
