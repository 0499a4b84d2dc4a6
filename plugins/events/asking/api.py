"""Questions, answers and guests as programs send and get them."""

from collections.abc import Sequence
from typing import Any

from plugins.events.asking.guests import Guest
from plugins.events.asking.parties import Asked
from plugins.events.asking.queries import Said
from plugins.events.asking.questions import questions_of
from plugins.events.models import Event
from portal.sdk import localized


def questions_shown(event: Event) -> list[dict[str, Any]]:
    """Return what is asked today."""
    return [
        {
            "key": each.key,
            "kind": each.kind,
            "per": each.per,
            "required": each.required,
            "title": localized(each.title),
            "choices": [localized(choice) for choice in each.choices],
        }
        for each in questions_of(event)
    ]


def said_shown(said: Sequence[Said]) -> list[dict[str, Any]]:
    """Return what a party chose and answered."""
    return [vars(each) for each in said]


def asked_of(body: dict[str, Any]) -> Asked:
    """Return the guests and the answers of a request."""
    answers = {}
    for each in body.get("answers", ()):
        person = each.get("person")
        key = f"{each['question']}.{person}" if person else each["question"]
        answers[key] = each["values"]
    guests = [
        Guest(f"guest-{number}", each["name"], each.get("age"))
        for number, each in enumerate(body.get("guests", ()), 1)
    ]
    return Asked(guests, answers)
