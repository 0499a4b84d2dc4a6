"""What the checks of a body's shape say, in the reader's language and by field."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from portal.i18n import Text, gettext, lazy

_SENTENCES: dict[str, Text] = {
    "Missing data for required field.": lazy("This is needed."),
    "Field may not be null.": lazy("This may not be null."),
    "Unknown field.": lazy("There is no such field."),
    "Not a valid string.": lazy("This must be a text."),
    "Not a valid integer.": lazy("This must be a whole number."),
    "Not a valid number.": lazy("This must be a number."),
    "Not a valid boolean.": lazy("This must be true or false."),
    "Not a valid list.": lazy("This must be a list."),
    "Not a valid mapping type.": lazy("This must be an object."),
    "Not a valid date.": lazy("This must be a date such as 2026-04-18."),
    "Not a valid datetime.": lazy("This must be a moment such as 2026-04-18T09:30:00Z."),
    "Not a valid file.": lazy("This must be a file."),
    "Invalid input type.": lazy("This must be an object."),
    "Invalid JSON body.": lazy("The body is not JSON that can be read."),
}
_OTHERS: tuple[tuple[re.Pattern[str], Text], ...] = (
    (re.compile(r"Longer than maximum length (\d+)\."), lazy("At most %(number)s of them.")),
    (re.compile(r"Shorter than minimum length (\d+)\."), lazy("At least %(number)s of them.")),
    (
        re.compile(r"Length must be between (\d+) and (\d+)\."),
        lazy("%(number)s to %(most)s of them."),
    ),
    (re.compile(r"Must be one of: (.+)\."), lazy("This must be one of: %(number)s.")),
    (
        re.compile(r"Must be greater than or equal to (\S+) and less than or equal to (\S+)\."),
        lazy("From %(number)s to %(most)s."),
    ),
    (re.compile(r"Must be less than or equal to (\S+?)\..*"), lazy("At most %(number)s.")),
    (re.compile(r"Must be greater than or equal to (\S+?)[. ].*"), lazy("At least %(number)s.")),
)
WHOLE = "body"
"""The name under which what concerns the whole body is told."""


def by_field(messages: Any) -> dict[str, list[str]]:
    """Return the checks' nested messages as {"persons.0.name": sentences}, the place left out."""
    found: dict[str, list[str]] = {}
    if isinstance(messages, Mapping):
        for part in messages.values():
            for name, sentence in _flat("", part):
                found.setdefault(name or WHOLE, []).append(_said(sentence))
    return found


def _flat(name: str, messages: Any) -> Iterator[tuple[str, str]]:
    if isinstance(messages, Mapping):
        for key, part in messages.items():
            inner = "" if key == "_schema" else str(key)[:80]
            yield from _flat(".".join(filter(None, (name, inner))), part)
    elif isinstance(messages, Sequence) and not isinstance(messages, str):
        for part in messages:
            yield from _flat(name, part)
    else:
        yield name, str(messages)


def _said(message: str) -> str:
    known = _SENTENCES.get(message)
    if known is not None:
        return str(known)
    for pattern, sentence in _OTHERS:
        if matched := pattern.fullmatch(message):
            least, *most = matched.groups()
            said = str(sentence).replace("%(number)s", least)
            return said.replace("%(most)s", most[0]) if most else said
    return gettext("This is not possible here.")
