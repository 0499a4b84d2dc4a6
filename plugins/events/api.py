"""What members do with activities, for programs: the pages' rules and refusals."""

import json
from collections.abc import Callable
from typing import Any

from werkzeug.exceptions import NotFound

from plugins.events import lists, queries, registering, rosters
from plugins.events.api_problems import REFUSED, problem
from plugins.events.api_schemas import (
    AcceptWish,
    ActivityPage,
    ActivityShown,
    DrawShown,
    PartyWish,
    RegisterWish,
    RegistrationPage,
    TicketShown,
    Wanted,
)
from plugins.events.asking.api import asked_of, questions_shown, said_shown
from plugins.events.asking.changing import change
from plugins.events.asking.queries import said_by
from plugins.events.ballot.entering import enter as enter_party
from plugins.events.ballot.pages import DrawBox, proof_of
from plugins.events.errors import EventError
from plugins.events.models import Occurrence, Registration
from plugins.events.policy import standing
from plugins.events.queries import ListFilter
from plugins.events.states import Seat
from plugins.events.ticket_views import own_registration
from plugins.events.views import find_public, owner_page
from plugins.events.words import REFUSALS
from portal.sdk import (
    ApiBlueprint,
    api_page,
    current_member,
    current_project,
    db,
    localized,
    member_only,
    now,
)

api = ApiBlueprint(
    "events_api", __name__, url_prefix="/api/v1/p/<project>/events", title="Activities"
)
_POINT = 1000


@api.call("GET", "/", ActivityPage, query=Wanted, paged=True)
@member_only
def activities(query: dict[str, str]) -> Any:
    """List the activities to come, or with `past` those that were."""
    args = {**query, "state": "past" if query.get("past") == "yes" else ""}
    wanted = ListFilter.read(args, ("past",))
    page = lists.coming(current_project().id, current_member().id, wanted)
    return api_page(page, lambda row: _listed(row[0], row[1].free, row[2], row[3]))


@api.call("GET", "/mine", RegistrationPage, paged=True)
@member_only
def my_registrations() -> Any:
    """List what the member registered for or has a seat in, the newest first."""
    return api_page(queries.mine(current_project().id, current_member().id), registration_shown)


@api.call("GET", "/<public_id>", ActivityShown)
@member_only
def activity(public_id: str) -> dict[str, Any]:
    """Show an activity: whether this member may join, why not, and the household to choose from."""
    page = owner_page(public_id)
    occurrence, event = page.occurrence, page.occurrence.event
    mine = page.registration
    return {
        **_listed(occurrence, page.left, mine.state if mine else None),
        # For this member: a tier's window may have a price and a time of its own.
        "price": page.cost.price // _POINT,
        "opens_at": page.opens_at,
        "quotas": [
            {
                "key": each.public_id,
                "title": localized(each.title),
                "free_seats": _free(each.free),
            }
            for each in page.wishes
        ],
        "questions": questions_shown(event),
        "guests_most": occurrence.guests_most,
        "by_approval": occurrence.by_approval,
        "about": localized(event.about),
        "notes": localized(event.notes),
        "cancel_until": occurrence.cancel_until,
        "household_most": occurrence.household_most,
        "queue_rule": occurrence.queue_rule,
        "parties_waiting": page.waiting,
        "may_wait": page.may_wait,
        "terms": page.terms,
        "rules_for_not_coming": page.rules_in_words,
        "refusal": page.code,
        "refusal_says": str(page.refusal),
        "reasons": [
            {"fulfilled": each.fulfilled, "title": str(each.title), "hint": str(each.hint)}
            for each in page.reasons
        ],
        "household": [
            {
                "key": each.mate.key,
                "name": each.mate.name,
                "refusal": each.refusal,
                "refusal_says": str(REFUSALS[each.refusal]) if each.refusal else "",
            }
            for each in page.candidates
        ],
        "registration": mine.public_id if mine else None,
        "draws": [_draw(page.draw)] if page.draw else [],
    }


@api.call("POST", "/<public_id>/register", TicketShown, body=RegisterWish, errors=REFUSED)
@member_only
def register(public_id: str, body: dict[str, Any]) -> dict[str, Any]:
    """Register a party; who is registered already gets the registration that there is."""
    return _come(registering.register, public_id, body, terms_seen=body["terms"])


@api.call("POST", "/<public_id>/queue", TicketShown, body=PartyWish, errors=REFUSED)
@member_only
def join_queue(public_id: str, body: dict[str, Any]) -> dict[str, Any]:
    """Let a party wait for seats together; what is free by the rule is offered at once."""
    return _come(registering.join_queue, public_id, body)


@api.call("POST", "/<public_id>/enter", TicketShown, body=PartyWish, errors=REFUSED)
@member_only
def enter(public_id: str, body: dict[str, Any]) -> dict[str, Any]:
    """Enter a party into the draw of an activity; it costs nothing and takes no seat yet."""
    return _come(enter_party, public_id, body)


@api.call("GET", "/<public_id>/draw", DrawShown)
@member_only
def draw(public_id: str) -> dict[str, Any]:
    """Show what was frozen for the draw and what was drawn, to be computed again; 404 before."""
    proof = proof_of(find_public(public_id))
    if proof is None:
        raise NotFound
    return {
        "entries_hash": proof.told["entries_hash"],
        "drawn": bool(proof.seed),
        "file": json.dumps(proof.told, ensure_ascii=False),
    }


@api.call("GET", "/tickets/<public_id>", TicketShown)
@member_only
def ticket(public_id: str) -> dict[str, Any]:
    """Show a registration of the member's, or with a seat for them."""
    found = queries.ticket(current_project().id, current_member().id, public_id)
    if found is None:
        raise NotFound
    return _ticket(found)


@api.call("POST", "/tickets/<public_id>/cancel", TicketShown, errors=REFUSED)
@member_only
def cancel(public_id: str) -> dict[str, Any]:
    """Cancel the member's own registration, or give up the place in the waiting list."""
    return _change(registering.cancel, own_registration(public_id))


@api.call("POST", "/tickets/<public_id>/change", TicketShown, body=PartyWish, errors=REFUSED)
@member_only
def change_party(public_id: str, body: dict[str, Any]) -> dict[str, Any]:
    """Change who comes, what they chose and answered until the deadline, all of it or nothing; what
    is left out stays as it is."""
    found, said = own_registration(public_id), asked_of(body)
    wishes = {each["key"]: each["persons"] for each in body.get("wishes", ())}
    return _change(
        change,
        found,
        member=current_member(),
        party=body.get("party"),
        wishes=wishes if "wishes" in body else None,
        guests=said.guests if "guests" in body else None,
        answers=said.answers if "answers" in body else None,
    )


@api.call("POST", "/tickets/<public_id>/accept", TicketShown, body=AcceptWish, errors=REFUSED)
@member_only
def accept(public_id: str, body: dict[str, Any]) -> dict[str, Any]:
    """Take the seats that are offered, and pay."""
    found = own_registration(public_id)
    return _change(registering.accept, found, member=current_member(), terms_seen=body["terms"])


def registration_shown(found: Registration, occurrence: Occurrence | None = None) -> dict[str, Any]:
    """Return a registration as programs get it; without `occurrence` its activity is loaded."""
    occurrence = occurrence or found.occurrence
    return {
        "id": found.public_id,
        "activity": occurrence.public_id,
        "title": localized(occurrence.event.title),
        "starts_at": occurrence.starts_at,
        "state": found.state,
        "seats": found.seats,
        "ticket": found.ticket,
        "charged": found.charged // _POINT,
        "refunded": found.refunded // _POINT,
        "deposit": found.deposit // _POINT,
        "cancel_until": found.cancel_until,
        "offer_until": found.offer_until,
        "registered_at": found.created_at,
        "said": said_shown(said_by([found], occurrence.event)[found.id]),
    }


def seats_shown(found: Registration) -> list[dict[str, Any]]:
    """Return each person's seat of a party as programs get it."""
    return [
        {
            "id": each.public_id,
            "name": each.name,
            "state": each.state,
            "checked_in_at": each.checked_in_at,
            "guest": each.guest,
        }
        for each in queries.seats_of(found)
    ]


def _listed(
    occurrence: Occurrence, free: int | None, mine: str | None, further: int = 0
) -> dict[str, Any]:
    return {
        "id": occurrence.public_id,
        "title": localized(occurrence.event.title),
        "place": localized(occurrence.event.place),
        "category": occurrence.event.category,
        "state": standing(occurrence, now()),
        "starts_at": occurrence.starts_at,
        "ends_at": occurrence.ends_at,
        "opens_at": occurrence.opens_at,
        "closes_at": occurrence.closes_at,
        "price": occurrence.price // _POINT,
        "deposit": occurrence.deposit // _POINT,
        "free_seats": _free(free),
        "mine": mine,
        "series": occurrence.series.public_id if occurrence.series else None,
        "further_dates": further,
        "picture": occurrence.event.picture_url or None,
        "picture_shows": localized(occurrence.event.picture_alt),
    }


def _draw(box: DrawBox) -> dict[str, Any]:
    return {
        "mode": box.ballot.mode,
        "takes_entries": box.open,
        "entries_until": box.until,
        "draw_at": box.due,
        "drawn_at": box.ballot.drawn_at,
        "lots": box.weight.lots if box.weight else None,
        "number_of": box.source,
        "secret_hash": box.ballot.secret_hash,
        "entries_hash": box.ballot.digest,
    }


def _free(seats: int | None) -> int | None:
    return None if seats is None else max(0, seats)


def _come(
    act: Callable[..., Registration], public_id: str, body: dict[str, Any], **more: Any
) -> dict[str, Any]:
    occurrence = find_public(public_id)
    try:
        made = act(
            occurrence_id=occurrence.id,
            member=current_member(),
            project=current_project(),
            at=now(),
            party=body.get("party"),
            wishes={each["key"]: each["persons"] for each in body.get("wishes", ())},
            asked=asked_of(body),
            **more,
        )
    except EventError as error:
        raise problem(error) from error
    return _committed(made)


def _change(act: Callable[..., Registration], found: Registration, **more: Any) -> dict[str, Any]:
    try:
        act(
            registration_id=found.id,
            occurrence_id=found.occurrence_id,
            project=current_project(),
            at=now(),
            **more,
        )
    except EventError as error:
        raise problem(error) from error
    return _committed(found)


def _committed(made: Registration) -> dict[str, Any]:
    public_id = made.public_id
    db.session.commit()
    return ticket(public_id)


def _ticket(found: Registration) -> dict[str, Any]:
    waits = found.state == Seat.WAITING
    return {
        **registration_shown(found),
        "before": rosters.before(found) if waits else None,
        "persons": seats_shown(found),
    }


__all__ = ["api", "registration_shown", "seats_shown"]
