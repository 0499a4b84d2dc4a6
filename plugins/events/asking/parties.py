"""A party as it comes with guests and answers; and asking the club for a place."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from plugins.events.asking.answers import Given, Typed, check
from plugins.events.asking.guests import Guest, with_guests
from plugins.events.asking.keeping import keep_answers, seats_in_order
from plugins.events.asking.questions import questions_of
from plugins.events.booking import write_party
from plugins.events.counting import Seats
from plugins.events.models import Occurrence, Registration, Window
from plugins.events.party import Candidate, choose
from plugins.events.states import Seat
from portal.sdk import MemberRef


@dataclass(frozen=True)
class Asked:
    """What comes with a party beside the household: guests, and answers by `field_key`."""

    guests: Sequence[Guest] = ()
    answers: Typed = field(default_factory=dict)


@dataclass(frozen=True)
class Party:
    """Everybody who comes, and the answers that fit."""

    chosen: Sequence[Candidate]
    given: Sequence[Given]

    @property
    def keys(self) -> list[str]:
        """The keys of the persons, in the order of their seats."""
        return [each.mate.key for each in self.chosen]


def whole_party(
    occurrence: Occurrence,
    member: MemberRef,
    among: Sequence[Candidate],
    keys: Collection[str] | None,
    asked: Asked,
) -> Party:
    """Return who comes of a household with their guests, and what they answered. `keys`: None is
    the member alone. Raises EventError as `choose`, `with_guests` and `check` do."""
    mine = choose(among, [member.public_id] if keys is None else keys)
    chosen = with_guests(occurrence, member, mine, asked.guests)
    persons = [each.mate.key for each in chosen]
    return Party(chosen, check(questions_of(occurrence.event), persons, asked.answers))


def write_whole(
    occurrence: Occurrence,
    member: MemberRef,
    party: Party,
    state: Seat,
    at: datetime,
    *,
    counts: Seats,
    window: Window | None = None,
) -> Registration:
    """Write down a party with its seats and answers."""
    made = write_party(occurrence, member, party.chosen, state, at, counts=counts, window=window)
    if party.given:
        keep_answers(made, party.given, seats_in_order(made, party.keys))
    return made


def read_form(form: Mapping[str, str], lists: Mapping[str, Sequence[str]]) -> Asked:
    """Return what a page's form asks for; a number that is none is no age."""
    answers = {
        name.removeprefix("answer-"): list(said)
        for name, said in lists.items()
        if name.startswith("answer-")
    }
    guests = []
    for number in range(1, 21):
        key = f"guest-{number}"
        name, age = form.get(f"{key}-name", "").strip(), form.get(f"{key}-age", "").strip()
        if name or age:
            plain = int(age) if age.isdecimal() and len(age) <= 3 else -1
            guests.append(Guest(key, name, plain if age else None))
    return Asked(guests, answers)
