"""The door on a phone that may be offline: its page, its list, and the scans that it brings in."""

import hmac
import re
import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flask import Response as Answer
from flask import (
    current_app,
    flash,
    jsonify,
    redirect,
    render_template,
    request,
    url_for,
)
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from plugins.events import door, merging, queries, rosters
from plugins.events.blueprint import staff
from plugins.events.door_models import DoorPin
from plugins.events.merging import Brought
from plugins.events.models import Occurrence
from plugins.events.states import Seat
from plugins.events.words import PHONE, REFUSALS
from portal.sdk import (
    current_account,
    current_project,
    db,
    gettext,
    localized,
    now,
    record,
    requires,
)

__all__ = ["staff"]

Page = str | tuple[str, int] | Response
Told = Answer | tuple[Answer, int]
MANAGE = "events.manage"
MOST_SCANS = 50
"""Scans that come in at once."""
_STATIC = Path(__file__).parent / "static"
_KEY, _TICKET = re.compile(r"[0-9A-Za-z-]{16,64}"), re.compile(r"[2-9A-Z]{12}")
_PIN = re.compile(r"[0-9]{6,12}")
_SEAT, _KINDS_OF_DIGITS = 22, 3


@staff.get("/p/<project>/staff/events/door-worker.js")
@requires(MANAGE)
def door_worker() -> Answer:
    """Send the script that keeps the phone's page at hand; its address is its reach."""
    script = (_STATIC / "door-worker.js").read_text("utf-8")
    return current_app.response_class(script, mimetype="text/javascript")


@staff.get("/p/<project>/staff/events/<public_id>/door/phone")
@requires(MANAGE)
def phone(public_id: str) -> str:
    """Show the door for a phone; there is nobody's name in the page that the phone keeps."""
    words = {key: str(word) for key, word in {**REFUSALS, **PHONE}.items()}
    return render_template("events/phone.html", occurrence=_find(public_id), said=words)


@staff.get("/p/<project>/staff/events/<public_id>/door/phone.webmanifest")
@requires(MANAGE)
def phone_manifest(public_id: str) -> Answer:
    """Tell a phone how to install the page."""
    occurrence = _find(public_id)
    title = localized(occurrence.event.title)
    manifest = {
        "name": gettext("Door: %(title)s", title=title),
        "short_name": title[:12],
        "start_url": url_for("events_staff.phone", public_id=public_id),
        "scope": url_for("events_staff.index"),
        "display": "standalone",
        "background_color": "#ffffff",
        "theme_color": "#0f3d3a",
        "icons": [
            {
                "src": url_for("static", filename="media/icon.svg"),
                "sizes": "any",
                "type": "image/svg+xml",
            }
        ],
    }
    answer: Answer = jsonify(manifest)
    answer.mimetype = "application/manifest+json"
    return answer


@staff.get("/p/<project>/staff/events/<public_id>/door/phones")
@requires(MANAGE)
def phones(public_id: str) -> str:
    """Show the PIN, the way to the phones' page, and what the phones brought in."""
    return _phones(_find(public_id))


@staff.post("/p/<project>/staff/events/<public_id>/door/pin")
@requires(MANAGE)
def set_pin(public_id: str) -> Page:
    """Set the PIN under which phones keep the list; without one typed, make one."""
    occurrence = _find(public_id)
    pin = request.form.get("pin", "").strip() or f"{secrets.randbelow(10**6):06d}"
    if not _PIN.fullmatch(pin) or (request.form.get("pin") and len(set(pin)) < _KINDS_OF_DIGITS):
        said = gettext("Six to twelve digits, not all alike.")
        return _phones(occurrence, refused=said), 422
    found = db.session.get(DoorPin, occurrence.id)
    if found is None:
        found = DoorPin(occurrence_id=occurrence.id, project_id=occurrence.project_id)
        db.session.add(found)
    found.pin = pin
    _record("events.door_pin_set", occurrence)
    db.session.commit()
    flash(gettext("The PIN is set. Tell it only to who stands at the door."))
    return redirect(url_for("events_staff.phones", public_id=public_id), 303)


@staff.post("/p/<project>/staff/events/<public_id>/door/list")
@requires(MANAGE)
def door_list(public_id: str) -> Told:
    """Send the list for a phone that says the PIN; taking it the first time is in the trail."""
    occurrence = _find(public_id)
    found = db.session.get(DoorPin, occurrence.id)
    if found is None:
        return _refused("NO_PIN", 409)
    typed = request.form.get("pin", "")[:20]
    if not hmac.compare_digest(found.pin.encode(), typed.encode()):
        return _refused("WRONG_PIN", 422)
    if "again" not in request.form:
        _record("events.door_list_taken", occurrence)
        db.session.commit()
    return jsonify(list_for_phone(occurrence, now()))


@staff.post("/p/<project>/staff/events/<public_id>/door/scans")
@requires(MANAGE)
def bring_scans(public_id: str) -> Told:
    """Take in what a phone scanned; what it sends again is answered as before."""
    occurrence = _find(public_id)
    scans = _scans(request.get_json(silent=True))
    if scans is None:
        return _refused("UNREADABLE", 422)
    kept = merging.merge(actor=current_account(), occurrence=occurrence, scans=scans, at=now())
    db.session.commit()
    return jsonify({"scans": [{"key": each.key, "outcome": each.outcome} for each in kept]})


def list_for_phone(occurrence: Occurrence, at: datetime) -> dict[str, object]:
    """Return what a phone keeps: each ticket with why it opens no door, or with its persons."""
    parties = []
    for each in rosters.all_at_door(occurrence):
        # The phone looks at its own clock; whatever else stands against a ticket is known now.
        code = door.refusal_at_door(occurrence, each.registration, occurrence.starts_at)
        seats = [] if code else each.seats
        parties.append(
            {
                "ticket": each.registration.ticket,
                "code": code,
                "seats": [
                    {
                        "id": seat.public_id,
                        "name": seat.name,
                        "in": _iso(seat.checked_in_at) if seat.state == Seat.ATTENDED else None,
                    }
                    for seat in seats
                ],
            }
        )
    opens = occurrence.starts_at - door.OPENS_BEFORE
    return {"made": _iso(at), "opens": _iso(opens), "parties": parties}


def _scans(body: object) -> list[Brought] | None:
    items = body.get("scans") if isinstance(body, dict) else None
    if not isinstance(items, list) or not 0 < len(items) <= MOST_SCANS:
        return None
    read = [_scan(item) for item in items]
    found = [each for each in read if each is not None]
    return found if len(found) == len(items) else None


def _scan(item: Any) -> Brought | None:
    if not isinstance(item, dict):
        return None
    key, ticket, seat, at = (str(item.get(name, "")) for name in ("key", "ticket", "seat", "at"))
    if not (_KEY.fullmatch(key) and _TICKET.fullmatch(ticket) and len(seat) <= _SEAT):
        return None
    try:
        moment = datetime.fromisoformat(at)
        moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
    return Brought(key, ticket, seat, moment, out=item.get("out") is True)


def _phones(occurrence: Occurrence, refused: str = "") -> str:
    found = db.session.get(DoorPin, occurrence.id)
    conflicts = request.args.get("state") != "all"
    return render_template(
        "events/phones.html",
        occurrence=occurrence,
        pin=found.pin if found else "",
        page=merging.report(occurrence, conflicts=conflicts),
        conflicts=conflicts,
        refused=refused,
    )


def _refused(code: str, status: int) -> Told:
    return jsonify({"code": code, "detail": str(PHONE[code])}), status


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def _record(action: str, occurrence: Occurrence) -> None:
    record(
        actor=current_account(),
        action=action,
        subject=("events_occurrence", occurrence.public_id),
        project_id=occurrence.project_id,
    )


def _find(public_id: str) -> Occurrence:
    found = queries.find(current_project().id, public_id)
    if found is None:
        raise NotFound
    return found
