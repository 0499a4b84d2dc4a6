"""What members do: register, wait, take an offer, cancel; seat, points and messages in one
transaction."""

from collections.abc import Collection, Mapping
from datetime import datetime

from plugins.events import eligibility, queries
from plugins.events.asking.parties import Asked, whole_party, write_whole
from plugins.events.asking.requesting import ask_for_place
from plugins.events.ballot.terms import is_drawn_yet, takes_entries
from plugins.events.booking import charge, end_registration, lead
from plugins.events.counting import could_fit, for_all, of_party, window_of
from plugins.events.errors import EventError
from plugins.events.ladder.marking import penalize
from plugins.events.ladder.models import Cause
from plugins.events.ladder.pledging import note_seated
from plugins.events.ladder.queries import standing_of
from plugins.events.models import Occurrence, Registration
from plugins.events.overlaps import require_no_overlap
from plugins.events.party import candidates
from plugins.events.policy import Terms, cancelled_as, opens_for, refusal, standing
from plugins.events.seats import confirm_seats, lock_quotas, take_seats, take_share
from plugins.events.states import EXPECTED, QueueRule, Seat, State
from plugins.events.telling import tell
from plugins.events.waiting import parties_waiting, serve
from portal.sdk import HouseholdRef, MemberRef, ProjectRef, db, emit, household_of

NOTHING_MORE = Asked()


def register(
    *,
    occurrence_id: int,
    member: MemberRef,
    project: ProjectRef,
    terms_seen: str,
    at: datetime,
    party: Collection[str] | None = None,
    wishes: Mapping[str, int] | None = None,
    asked: Asked = NOTHING_MORE,
) -> Registration:
    """Register a party all or none, charge the price and hold the deposit; once, however often it
    is asked: who is registered or waits already, stays so.

    `party`: keys of the household, see `housemates`; None is the member alone. `terms_seen`: what
    the page showed, see Terms.mark. `wishes`: see counting.of_party; `asked`: guests and answers.
    Raises EventError.
    """
    quotas = lock_quotas(occurrence_id)
    home = household_of(member, project)
    mates = home.mates
    already = queries.seated(occurrence_id, member, mates)
    if already.mine is not None:
        return already.mine
    occurrence = db.session.get_one(Occurrence, occurrence_id, populate_existing=True)
    # What is free goes to who waits for it first.
    serve(occurrence, quotas, project, at)
    window = window_of(occurrence_id, home.tier)
    waiting = parties_waiting(occurrence)
    ladder = standing_of(project.id, member.id, at)
    code = refusal(occurrence, for_all(quotas, window), 1, at, waiting, window, ladder)
    if code is not None:
        opens_at = opens_for(occurrence, window, ladder)
        raise EventError(code, state=occurrence.state, opens_at=opens_at)
    may_join(occurrence, member, project, home)
    terms = Terms.of(occurrence, window, ladder.version)
    if terms_seen != terms.mark():
        raise EventError("TERMS_CHANGED")
    among = candidates(occurrence, project, mates, already.keys)
    whole = whole_party(occurrence, member, among, party, asked)
    counts = of_party(quotas, whole.chosen, window, wishes or {})
    take_share(occurrence, member.household_id, len(whole.chosen))
    if occurrence.by_approval:
        made = ask_for_place(
            occurrence, member, whole, at, quotas=quotas, counts=counts, window=window, terms=terms
        )
        tell("events.requested", made, occurrence, member, project)
        return made
    take_seats(quotas, counts)
    made = write_whole(occurrence, member, whole, Seat.CONFIRMED, at, counts=counts, window=window)
    confirm_party(made, occurrence, member, project, terms)
    return made


def join_queue(
    *,
    occurrence_id: int,
    member: MemberRef,
    project: ProjectRef,
    at: datetime,
    party: Collection[str] | None = None,
    wishes: Mapping[str, int] | None = None,
    asked: Asked = NOTHING_MORE,
) -> Registration:
    """Let a party wait for seats together; what fits by the rule is offered at once. A second time
    it is as it was. Raises EventError."""
    quotas = lock_quotas(occurrence_id)
    home = household_of(member, project)
    mates = home.mates
    already = queries.seated(occurrence_id, member, mates)
    if already.mine is not None:
        return already.mine
    occurrence = db.session.get_one(Occurrence, occurrence_id, populate_existing=True)
    if occurrence.queue_rule == QueueRule.NONE or occurrence.by_approval:
        raise EventError("NO_QUEUE", state=occurrence.state)
    window = window_of(occurrence_id, home.tier)
    ladder = standing_of(project.id, member.id, at)
    code = refusal(occurrence, for_all(quotas, window), 1, at, window=window, ladder=ladder)
    if code not in (None, "NOT_ENOUGH_SEATS", "WAITING_LIST_ONLY"):
        opens_at = opens_for(occurrence, window, ladder)
        raise EventError(code, state=occurrence.state, opens_at=opens_at)
    may_join(occurrence, member, project, home)
    among = candidates(occurrence, project, mates, already.keys)
    whole = whole_party(occurrence, member, among, party, asked)
    counts = of_party(quotas, whole.chosen, window, wishes or {})
    could_fit(quotas, counts)
    take_share(occurrence, member.household_id, len(whole.chosen))
    made = write_whole(occurrence, member, whole, Seat.WAITING, at, counts=counts, window=window)
    serve(occurrence, quotas, project, at)
    return made


def accept(
    *,
    registration_id: int,
    occurrence_id: int,
    member: MemberRef,
    project: ProjectRef,
    terms_seen: str,
    at: datetime,
) -> Registration:
    """Take the seats that are offered, and pay; a second time it is as it was.

    Raises EventError: OFFER_OVER, TERMS_CHANGED, or what charging says; the offer stays then.
    """
    quotas = lock_quotas(occurrence_id)
    found = db.session.get_one(Registration, registration_id, populate_existing=True)
    if found.state == Seat.CONFIRMED:
        return found
    if found.state != Seat.HELD or found.offer_until is None or found.offer_until <= at:
        raise EventError("OFFER_OVER")
    occurrence = db.session.get_one(Occurrence, occurrence_id, populate_existing=True)
    if standing(occurrence, at) not in (State.OPEN, State.CLOSED):
        raise EventError(refusal(occurrence, quotas, 1, at) or "OVER", state=occurrence.state)
    # The party keeps the tier with which it began to wait.
    terms = Terms.of(occurrence, window_of(occurrence_id, found.tier))
    if terms_seen != terms.mark():
        raise EventError("TERMS_CHANGED")
    confirm_seats(found.id)
    lead(found, Seat.CONFIRMED)
    found.cancel_until = occurrence.cancel_until
    note_seated(found, at)
    confirm_party(found, occurrence, member, project, terms)
    return found


def cancel(
    *, registration_id: int, occurrence_id: int, project: ProjectRef, at: datetime
) -> Registration:
    """Cancel for the member: free until the deadline that was shown, else price and deposit stay;
    the place in the waiting list and an offer are given up. The seats go to who waits.

    A second time it is as it was. Raises EventError OVER once the activity has begun.
    """
    quotas = lock_quotas(occurrence_id)
    occurrence = db.session.get_one(Occurrence, occurrence_id, populate_existing=True)
    found = db.session.get_one(Registration, registration_id, populate_existing=True)
    if found.state not in EXPECTED:
        return found
    target = cancelled_as(found, occurrence, at)
    if target is None:
        raise EventError("OVER", state=occurrence.state)
    if found.state == Seat.ENTERED and not (
        is_drawn_yet(occurrence) or takes_entries(occurrence, at)
    ):
        raise EventError("FROZEN", state=occurrence.state)
    end_registration(found, target, at)
    if target == Seat.CANCELLED_LATE:
        penalize(found, occurrence, project, Cause.LATE, at)
    serve(occurrence, quotas, project, at)
    emit(
        kind="events.cancelled",
        project_id=project.id,
        subject=("events_registration", found.public_id),
        data={"occurrence": occurrence.public_id, "state": str(target)},
    )
    return found


def confirm_party(
    made: Registration,
    occurrence: Occurrence,
    member: MemberRef,
    project: ProjectRef,
    terms: Terms,
) -> None:
    """Charge a party that has its seats, and tell the member and other plugins. Raises EventError
    OVERLAP where somebody of it is elsewhere at that time."""
    require_no_overlap(made, occurrence, project)
    charge(made, occurrence, member, project, terms)
    emit(
        kind="events.registered",
        project_id=project.id,
        subject=("events_registration", made.public_id),
        data={"occurrence": occurrence.public_id, "seats": made.seats},
    )
    tell("events.confirmed", made, occurrence, member, project, starts=occurrence.starts_at)


def may_join(
    occurrence: Occurrence, member: MemberRef, project: ProjectRef, household: HouseholdRef
) -> None:
    """Raise EventError unless the activity is for this member."""
    eligibility.require(rules_for(occurrence, member, project, household))


def rules_for(
    occurrence: Occurrence, member: MemberRef, project: ProjectRef, household: HouseholdRef
) -> list[eligibility.Reason]:
    """Return whom an activity is for, judged for a member; nothing is read where anybody may."""
    if not occurrence.rules:
        return []
    came_on = queries.came_on(occurrence, member)
    return eligibility.reasons(occurrence, project, household, came_on)
