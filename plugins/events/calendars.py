"""Calendar files (RFC 5545): one ticket to take along, and a member's feed to subscribe to."""

from collections.abc import Iterable
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from flask import url_for

from plugins.events.models import Registration
from plugins.events.states import Seat, State
from portal.sdk import ProjectRef, gettext, localized, our_address

if TYPE_CHECKING:
    from icalendar import Event

_PRODUCT = "-//Owners' club//Activities//"
_STEPS = {Seat.ENTERED: 0, Seat.WAITING: 0, Seat.HELD: 1}
_CONFIRMED = 2


def calendar_of(found: Iterable[tuple[Registration, ProjectRef]], name: str) -> bytes:
    """Return registrations, each with its activity, as a calendar."""
    from icalendar import Calendar  # Few processes ever write one, and it is large.

    calendar = Calendar()
    calendar.add("prodid", _PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", name)
    for registration, project in found:
        calendar.add_component(_entry(registration, project))
    calendar.add_missing_timezones()
    return bytes(calendar.to_ical())


def _entry(registration: Registration, project: ProjectRef) -> "Event":
    from icalendar import Event

    occurrence, zone = registration.occurrence, ZoneInfo(project.time_zone)
    ticket = url_for("events.ticket", project=project.slug, public_id=registration.public_id)
    entry = Event()
    entry.add("uid", f"{registration.public_id}@events")
    entry.add("dtstamp", registration.ended_at or registration.created_at)
    entry.add("dtstart", occurrence.starts_at.astimezone(zone))
    entry.add("dtend", occurrence.ends_at.astimezone(zone))
    entry.add("summary", localized(occurrence.event.title))
    entry.add("location", f"{localized(occurrence.event.place)}, {localized(project.name)}")
    entry.add("description", gettext("Your ticket: %(url)s", url=our_address(ticket)))
    entry.add("url", our_address(ticket))
    ended = registration.ended_at is not None or occurrence.state == State.CANCELLED
    step = 3 if ended else _STEPS.get(Seat(registration.state), _CONFIRMED)
    # It rises with every change of the activity and with every step of the registration.
    entry.add("sequence", occurrence.sequence * 4 + step)
    entry.add("status", "CANCELLED" if ended else "TENTATIVE" if step < _CONFIRMED else "CONFIRMED")
    return entry
