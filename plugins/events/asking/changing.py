"""What a member changes of a registration until its deadline: who comes, what they chose and
answered; all of it or nothing, under the same gate and at the price that was shown."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from plugins.events import queries
from plugins.events.asking.answers import Typed
from plugins.events.asking.guests import Guest
from plugins.events.asking.keeping import keep_answers
from plugins.events.asking.models import Answer
from plugins.events.asking.parties import Asked, Party, whole_party
from plugins.events.asking.queries import typed_by
from plugins.events.booking import DEPOSIT, PRICE, charge, write_seats
from plugins.events.counting import Seats, could_fit, counted, of_party, window_of, write_down
from plugins.events.door_models import Scan
from plugins.events.errors import EventError
from plugins.events.ladder.queries import standing_of
from plugins.events.models import Counted, Occurrence, Quota, Registration, SeatRow
from plugins.events.overlaps import require_no_overlap
from plugins.events.party import Candidate, candidates
from plugins.events.policy import Terms, standing
from plugins.events.seats import give_back_seats, lock_quotas, release_share, take_seats, take_share
from plugins.events.states import IN_ORDER, Counts, Seat, State
from plugins.events.waiting import parties_waiting, serve
from portal.sdk import (
    HouseholdRef,
    MemberRef,
    ProjectRef,
    db,
    emit,
    household_of,
    reverse_points,
    void_points,
)

_CHANGEABLE = (Seat.CONFIRMED, Seat.PENDING, Seat.WAITING)
_BEFORE = (State.SCHEDULED, State.OPEN, State.CLOSED)


@dataclass(frozen=True)
class Present:
    """A registration as it stands: the seat of each person by key, guests, wishes by the public id
    of a quota, answers as typed, and the household to choose from."""

    seats: Mapping[str, SeatRow]
    guests: Sequence[Guest]
    wishes: Mapping[str, int]
    answers: Typed
    among: Sequence[Candidate]

    @property
    def party(self) -> list[str]:
        """The keys of those of the household."""
        return [key for key, seat in self.seats.items() if not seat.guest]


def may_change(found: Registration, occurrence: Occurrence, at: datetime) -> bool:
    """Tell whether a registration may be changed: until the deadline that was shown."""
    before = standing(occurrence, at) in _BEFORE
    return found.state in _CHANGEABLE and before and at <= found.cancel_until


def present(
    found: Registration,
    occurrence: Occurrence,
    member: MemberRef,
    project: ProjectRef,
    home: HouseholdRef,
    quotas: Sequence[Quota],
) -> Present:
    """Return a registration as it stands; four statements."""
    keys = {mate.member_id: mate.key for mate in home.mates if mate.member_id is not None}
    seats: dict[str, SeatRow] = {}
    guests: list[Guest] = []
    for seat in queries.seats_of(found):
        if seat.guest:
            key = f"guest-{len(guests) + 1}"
            guests.append(Guest(key, seat.name, seat.age))
        else:
            # Who left the household keeps the seat until the party is changed.
            key = seat.person or keys.get(seat.member_id or 0, f"gone-{seat.id}")
        seats[key] = seat
    already = queries.seated(occurrence.id, member, home.mates)
    numbers = counted(found)
    return Present(
        seats=seats,
        guests=guests,
        wishes={
            quota.public_id: numbers[quota.id]
            for quota in quotas
            if quota.counts == Counts.CHOSEN and quota.id in numbers
        },
        answers=typed_by(found, occurrence.event, {seat.id: key for key, seat in seats.items()}),
        among=candidates(occurrence, project, home.mates, already.keys - seats.keys()),
    )


def change(
    *,
    registration_id: int,
    occurrence_id: int,
    member: MemberRef,
    project: ProjectRef,
    at: datetime,
    party: Collection[str] | None = None,
    wishes: Mapping[str, int] | None = None,
    guests: Sequence[Guest] | None = None,
    answers: Typed | None = None,
) -> Registration:
    """Change a registration; what is None stays as it is. Each seat costs what it did. Raises
    EventError: TOO_LATE_TO_CHANGE, CLOSED, QUEUE_FIRST, NOT_LARGER, and as registering does."""
    quotas = lock_quotas(occurrence_id)
    occurrence = db.session.get_one(Occurrence, occurrence_id, populate_existing=True)
    found = db.session.get_one(Registration, registration_id, populate_existing=True)
    if not may_change(found, occurrence, at):
        raise EventError("TOO_LATE_TO_CHANGE", state=occurrence.state)
    home = household_of(member, project)
    now = present(found, occurrence, member, project, home, quotas)
    wanted = now.wishes if wishes is None else {key: n for key, n in wishes.items() if n}
    asked = Asked(
        now.guests if guests is None else guests, now.answers if answers is None else answers
    )
    whole = whole_party(occurrence, member, now.among, now.party if party is None else party, asked)
    kept = _kept(now, whole)
    if len(kept) != len(now.seats) or len(kept) != len(whole.chosen) or wanted != now.wishes:
        after = of_party(quotas, whole.chosen, window_of(occurrence_id, found.tier), wanted)
        _move(found, occurrence, project, quotas, after, len(whole.chosen), at)
        seats_before, found.seats = found.seats, len(whole.chosen)
        found.forced = min(found.forced, found.seats)
        _seat(found, occurrence, now, whole, kept)
        if found.state == Seat.CONFIRMED:
            require_no_overlap(found, occurrence, project)
        _bill(found, occurrence, member, project, seats_before)
        serve(occurrence, lock_quotas(occurrence_id), project, at)
    keep_answers(found, whole.given, _seat_ids(found, whole, now, kept))
    emit(
        kind="events.changed",
        project_id=project.id,
        subject=("events_registration", found.public_id),
        data={"occurrence": occurrence.public_id, "seats": found.seats},
    )
    return found


def _kept(now: Present, whole: Party) -> dict[str, str]:
    """Return who stays, with the key of their seat: guests by name and age."""
    free = {key: (seat.name, seat.age) for key, seat in now.seats.items() if seat.guest}
    kept = {}
    for each in whole.chosen:
        key = each.mate.key
        if each.guest:
            same = [seat for seat, who in free.items() if who == (each.mate.name, each.age)]
            if same:
                kept[key] = same[0]
                del free[same[0]]
        elif key in now.seats:
            kept[key] = key
    return kept


def _move(
    found: Registration,
    occurrence: Occurrence,
    project: ProjectRef,
    quotas: list[Quota],
    after: Seats,
    persons: int,
    at: datetime,
) -> None:
    before, more = counted(found), persons - found.seats
    if more > 0 and standing(occurrence, at) != State.OPEN:
        raise EventError("CLOSED", state=occurrence.state)
    if more > 0 and found.state == Seat.WAITING:
        raise EventError("NOT_LARGER")
    added = {key: many - before.get(key, 0) for key, many in after.items()}
    added = {key: many for key, many in added.items() if many > 0}
    if found.state == Seat.CONFIRMED:
        if more > 0 and standing_of(project.id, found.member_id, at).queue_only:
            raise EventError("WAITING_LIST_ONLY", state=occurrence.state)
        if added:
            # What is free goes to who waits for it first.
            serve(occurrence, quotas, project, at)
            if occurrence.queue_rule in IN_ORDER and parties_waiting(occurrence):
                raise EventError("QUEUE_FIRST", state=occurrence.state)
        take_seats(lock_quotas(occurrence.id), added)
        fewer = {key: many - after.get(key, 0) for key, many in before.items()}
        give_back_seats({key: many for key, many in fewer.items() if many > 0})
    else:
        could_fit(quotas, after)
    if more > 0:
        take_share(occurrence, found.household_id, more)
    elif more < 0:
        release_share(occurrence.id, found.household_id, -more)
    db.session.execute(sa.delete(Counted).where(Counted.registration_id == found.id))
    write_down(found, after)


def _seat(
    found: Registration,
    occurrence: Occurrence,
    now: Present,
    whole: Party,
    kept: Mapping[str, str],
) -> None:
    stay = {now.seats[key].id for key in kept.values()}
    gone = [seat.id for seat in now.seats.values() if seat.id not in stay]
    if gone:
        scanned = sa.select(Scan.id).where(Scan.seat_id.in_(gone)).limit(1)
        if db.session.scalar(scanned) is not None:
            raise EventError("TOO_LATE_TO_CHANGE", state=occurrence.state)
        db.session.execute(sa.delete(Answer).where(Answer.registration_id == found.id))
        db.session.execute(sa.delete(SeatRow).where(SeatRow.id.in_(gone)))
    new = [each for each in whole.chosen if each.mate.key not in kept]
    write_seats(found, new, Seat(found.state))


def _seat_ids(
    found: Registration, whole: Party, now: Present, kept: Mapping[str, str]
) -> dict[str, int]:
    stay = {key: now.seats[seat_key].id for key, seat_key in kept.items()}
    new = [each.mate.key for each in whole.chosen if each.mate.key not in kept]
    mine = sa.select(SeatRow.id).where(
        SeatRow.registration_id == found.id, SeatRow.id.not_in(stay.values())
    )
    ids = db.session.scalars(mine.order_by(SeatRow.id)).all()
    return stay | dict(zip(new, ids, strict=True))


def _bill(
    found: Registration,
    occurrence: Occurrence,
    member: MemberRef,
    project: ProjectRef,
    seats_before: int,
) -> None:
    """Charge the party anew for its seats, each at the price that was shown."""
    if found.seats == seats_before or not (found.charged or found.deposit):
        return
    price, deposit = found.charged // seats_before, found.deposit // seats_before
    again = f":{found.charge_id or found.hold_id}"
    if found.charge_id is not None:
        key = f"events:change:{found.public_id}{again}"
        reverse_points(posting_id=found.charge_id, key=key, source=PRICE)
    if found.hold_id is not None:
        void_points(hold_id=found.hold_id, source=DEPOSIT)
    terms = Terms(price, deposit, found.cancel_until)
    charge(found, occurrence, member, project, terms, again=again)
