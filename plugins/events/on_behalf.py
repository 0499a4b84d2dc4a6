"""Registering somebody for whom staff speak: with a reason, over the capacity if they say so."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from plugins.events import queries
from plugins.events.asking.parties import Asked, whole_party, write_whole
from plugins.events.ballot.terms import is_drawn_yet
from plugins.events.counting import of_party, window_of
from plugins.events.eligibility import require
from plugins.events.errors import EventError
from plugins.events.ladder.queries import standing_of
from plugins.events.models import Occurrence, Registration
from plugins.events.party import candidates
from plugins.events.policy import Terms, refusal, standing
from plugins.events.registering import NOTHING_MORE, confirm_party, rules_for
from plugins.events.seats import force_seats, lock_quotas, take_seats, take_share
from plugins.events.states import IN_ORDER, Seat, State
from plugins.events.waiting import parties_waiting, serve
from portal.sdk import MemberRef, ProjectRef, db, household_of, record

_TAKING = (State.SCHEDULED, State.OPEN, State.CLOSED, State.RUNNING)


def register_for(
    *,
    actor: Any,
    occurrence_id: int,
    member: MemberRef,
    project: ProjectRef,
    party: Collection[str],
    terms_seen: str,
    reason: str,
    force: bool,
    at: datetime,
    wishes: Mapping[str, int] | None = None,
    asked: Asked = NOTHING_MORE,
    overrule: bool = False,
) -> Registration:
    """Register a member's party, also outside the time of registration; the member pays as always
    and hears of it. `force`: whatever the capacity says, the seats beyond it are counted as
    forced; `overrule`: whomever the activity is for. Raises EventError."""
    if not reason:
        raise EventError("NO_REASON")
    quotas = lock_quotas(occurrence_id)
    home = household_of(member, project)
    already = queries.seated(occurrence_id, member, home.mates)
    if already.mine is not None:
        raise EventError("ALREADY_GOING")
    occurrence = db.session.get_one(Occurrence, occurrence_id, populate_existing=True)
    if standing(occurrence, at) not in _TAKING:
        raise EventError(refusal(occurrence, quotas, 1, at) or "OVER", state=occurrence.state)
    rules = rules_for(occurrence, member, project, home)
    if not overrule:
        require(rules)
    aside = [rule.code for rule in rules if not rule.fulfilled]
    window = window_of(occurrence_id, home.tier)
    ladder = standing_of(project.id, member.id, at)
    terms = Terms.of(occurrence, window, ladder.version)
    if terms_seen != terms.mark():
        raise EventError("TERMS_CHANGED")
    among = candidates(occurrence, project, home.mates, already.keys)
    whole = whole_party(occurrence, member, among, party, asked)
    counts = of_party(quotas, whole.chosen, window, wishes or {})
    take_share(occurrence, member.household_id, len(whole.chosen))
    serve(occurrence, quotas, project, at)
    strict = occurrence.queue_rule in IN_ORDER and parties_waiting(occurrence)
    over = 0
    if force:
        over = force_seats(quotas, counts)
    elif not is_drawn_yet(occurrence):
        raise EventError("DRAW_FIRST", state=occurrence.state)
    elif strict:
        raise EventError("QUEUE_FIRST", state=occurrence.state)
    elif ladder.queue_only:
        raise EventError("WAITING_LIST_ONLY", state=occurrence.state)
    else:
        take_seats(quotas, counts)
    made = write_whole(occurrence, member, whole, Seat.CONFIRMED, at, counts=counts, window=window)
    made.entered_by, made.entered_why, made.forced = actor.id, reason, over
    made.overruled = ",".join(aside)
    confirm_party(made, occurrence, member, project, terms)
    record(
        actor=actor,
        action="events.registered_for",
        subject=("events_registration", made.public_id),
        project_id=project.id,
        facts={"persons": made.seats, "over_capacity": over, "set_aside": aside},
        reason=reason,
    )
    return made
