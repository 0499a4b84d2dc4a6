"""Who may find a document: keys that the document carries and the reader holds."""

import re
from collections.abc import Iterable

PUBLIC = "public"
_KEY = re.compile(
    r"public|(project|household|member):\d+|permission:[a-z][a-z0-9_.-]*:(\d+|club)", re.ASCII
)


def project(project_id: int) -> str:
    """Return the key of everybody who belongs to a project."""
    return f"project:{project_id}"


def household(household_id: int) -> str:
    """Return the key of the members of a household."""
    return f"household:{household_id}"


def member(member_id: int) -> str:
    """Return the key of one member."""
    return f"member:{member_id}"


def permission(key: str, project_id: int | None) -> tuple[str, ...]:
    """Return the keys of the holders of a permission in a project, and of those club-wide."""
    club = f"permission:{key}:club"
    return (club,) if project_id is None else (f"permission:{key}:{project_id}", club)


def held(keys: Iterable[str]) -> list[str]:
    """Return the keys of a reader, each once; one of no known form opens nothing."""
    return sorted(key for key in set(keys) if _KEY.fullmatch(key))


def checked(keys: Iterable[str]) -> list[str]:
    """Return the keys of a document, each once. Raises ValueError for one of no known form."""
    found = sorted(set(keys))
    for key in found:
        if not _KEY.fullmatch(key):
            raise ValueError(f"{key!r} is no audience key")
    return found
