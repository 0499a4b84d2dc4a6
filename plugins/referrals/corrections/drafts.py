"""A version that is not written yet, as it is kept until somebody confirms it."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from plugins.referrals.rules import Draft


def pack(draft: Draft) -> dict[str, Any]:
    """Return a draft as JSON holds it."""
    return {key: _plain(value) for key, value in asdict(draft).items()}


def unpack(kept: Mapping[str, Any]) -> Draft:
    """Return the draft that was kept."""
    ends = kept["ends_at"]
    moments = {
        "starts_at": datetime.fromisoformat(kept["starts_at"]),
        "ends_at": datetime.fromisoformat(ends) if ends else None,
    }
    lines = [
        {
            key: date.fromisoformat(value) if value and key in ("from_on", "until_on") else value
            for key, value in line.items()
        }
        for line in kept["promises"]
    ]
    return Draft(**{**kept, **moments, "promises": lines})


def _plain(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value
