"""What a plugin asks for after its commit: events told, jobs done."""

from collections.abc import Mapping
from typing import Any

from portal.outbox import service
from portal.outbox.kinds import CORE_KINDS


def emit(
    *,
    kind: str,
    project_id: int | None,
    subject: tuple[str, str],
    data: Mapping[str, Any] | None = None,
) -> None:
    """Tell in the caller's transaction what happened; others hear of it after the commit.

    `kind`: one of the plugin's own, see register_events; `subject`: kind and public id; `data`:
    ids and codes, no personal data. Raises ValueError for a kind that is core's or undeclared.
    """
    if kind in CORE_KINDS:
        raise ValueError(f"the event {kind!r} is the portal's own")
    service.emit(kind=kind, project_id=project_id, subject=subject, data=data)
