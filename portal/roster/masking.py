"""Cells as pages may show them: enough to find the row, not enough to learn whose it is."""

import re

from portal.roster.mapping import Field

SHOWN = 24
_DIGITS = re.compile(r"[0-9０-９]")


def mask_cell(field: Field | None, text: str) -> str:
    """Return a cell for a page: a name as 林*芸, a phone by its ends, an ID number not at all."""
    text = " ".join(text.split())
    if field is Field.NAME:
        return mask_name(text)
    if field is Field.PHONE:
        return mask_digits(text)
    if field is Field.ID_TAIL:
        return "*" * min(len(text), 4)
    if field is None:
        return _mask_unknown(text)
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"


def _mask_unknown(text: str) -> str:
    """Mask a cell of a column that may hold anything, another phone or an ID number too."""
    if len(_DIGITS.findall(text)) > 5:
        return mask_digits(text)
    if 1 < len(text) <= 4 and not text.isascii():
        return mask_name(text)
    return text if len(text) <= SHOWN else text[:SHOWN] + "…"


def mask_name(name: str) -> str:
    """Return a name with its middle hidden: 林*芸, 冯*."""
    if len(name) < 2:
        return name
    if len(name) == 2:
        return name[0] + "*"
    return name[0] + "*" * min(len(name) - 2, 6) + name[-1]


def mask_digits(text: str) -> str:
    """Return what should have been a phone, four digits in its middle hidden."""
    places = [match.start() for match in _DIGITS.finditer(text)]
    shown = list(text)
    if len(places) > 5:
        for place in places[3 : max(len(places) - 4, 4)]:
            shown[place] = "*"
    return "".join(shown)[:SHOWN]
